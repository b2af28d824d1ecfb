#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {

// A loop device that is held open. Each is set up to go by itself (LO_FLAGS_AUTOCLEAR) when nobody
// has it open or mounted any more: whoever dies at whatever instant, none is left.
struct LoopDevice {
  UniqueFd fd;
  // /dev/loopN; made there where the node has no such file, as in a container whose /dev was
  // filled before the kernel made the device.
  std::string path;
};

// Puts the image behind a device of its own: sectors of 4 KiB, direct I/O where its file system
// can. Takes the next device where somebody else was faster at one.
Result<LoopDevice> attach_loop(const UniqueFd& image);

// The device that has this very file behind it, in whatever mount namespace it is mounted: two at
// one image would ruin its file system. path_end is how the file's path ends in all of them. No
// device is opened that is known to be another file's: to hold one open for a moment keeps it from
// going.
Result<std::optional<LoopDevice>> find_loop(const UniqueFd& image, const std::string& path_end);

// Whether anybody has it mounted. Without, it goes as soon as nobody looks at it any more.
Result<bool> is_mounted(const LoopDevice& loop);

// The device of that number, where it is a loop device with this very file behind it; else nothing.
Result<std::optional<LoopDevice>> loop_at(dev_t device, const UniqueFd& image);

}  // namespace sandboxlet::agent
