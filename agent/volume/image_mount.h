#pragma once

#include <optional>
#include <string>

#include "agent/volume/loop_device.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {

// The ext4 of an image, mounted on a directory of the agent's own. A journal that a power cut left
// is replayed by the mount. Set-uid programs work there, as in the kubelet's local volumes; device
// files do not.

// The image's device where it is mounted on point, nothing where nothing is; an error where
// something else is.
Result<std::optional<LoopDevice>> mounted_image(const UniqueFd& image, const std::string& point);

// Mounts it on point, where nothing is mounted. The image's path ends with path_end.
Result<LoopDevice> mount_image(const UniqueFd& image, const std::string& path_end,
                               const std::string& point);

// Grows the file system of a filled image to its size, mounted on point with whoever writes to it,
// or not mounted at all. False where it has to wait until it is not mounted: in another mount
// namespace, or where the kernel refuses (it grows one for CAP_SYS_RESOURCE alone, and none with
// errors in it). Idempotent, and on disk when it answers true.
Result<bool> grow_file_system(const UniqueFd& image, const std::string& path_end,
                              const std::string& point);

}  // namespace sandboxlet::agent
