#include "agent/volume/image_mount.h"

#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cstdint>

#include "agent/volume/directories.h"
#include "agent/volume/mounts.h"
#include "agent/volume/volume_image.h"

namespace sandboxlet::agent {

namespace {

// linux/ext4.h, which Debian 12's headers do not have. The argument is in blocks.
constexpr unsigned long kResizeExt4 = _IOW('f', 16, uint64_t);

Result<bool> grow_mounted(const LoopDevice& loop, const UniqueFd& image, const std::string& point) {
  TRY(const int64_t size, size_of(image));
  if (ioctl(loop.fd.get(), LOOP_SET_CAPACITY) != 0) return errno_error("grow " + loop.path);
  TRY(const UniqueFd root, open_directory(point));
  const auto blocks = static_cast<uint64_t>(size / kImageBlock);
  if (ioctl(root.get(), kResizeExt4, &blocks) == 0) return true;
  if (errno == EPERM) return false;
  return errno_error("grow the ext4 on " + point);
}

}  // namespace

Result<std::optional<LoopDevice>> mounted_image(const UniqueFd& image, const std::string& point) {
  TRY(const bool mounted, is_mount_point(point));
  if (!mounted) return std::optional<LoopDevice>();
  struct stat root {};
  if (lstat(point.c_str(), &root) != 0) return errno_error("stat " + point);
  TRY(auto loop, loop_at(root.st_dev, image));
  if (!loop) return Error(Code::kFailedPrecondition, "something else is mounted on " + point);
  return loop;
}

Result<LoopDevice> mount_image(const UniqueFd& image, const std::string& path_end,
                               const std::string& point) {
  // It is there where another mount namespace has it mounted: that of an agent before this one.
  TRY(auto loop, find_loop(image, path_end));
  if (!loop) {
    TRY(loop, attach_loop(image));
  }
  // ext4 would zero new inode tables in the background by punching holes in the image.
  constexpr char kOptions[] = "noinit_itable";
  if (mount(loop->path.c_str(), point.c_str(), "ext4", MS_NODEV, kOptions) != 0) {
    return errno_error("mount an image on " + point);
  }
  return std::move(*loop);
}

Result<bool> grow_file_system(const UniqueFd& image, const std::string& path_end,
                              const std::string& point) {
  TRY(const auto mounted, mounted_image(image, point));
  if (mounted) {
    TRY(const bool grown, grow_mounted(*mounted, image, point));
    if (!grown) return false;
  } else {
    TRY(const auto elsewhere, find_loop(image, path_end));
    if (elsewhere) return false;
    CHECK_OK(grow_unmounted(image));
  }
  // New inode tables were zeroed, which punches holes.
  TRY(const int64_t size, size_of(image));
  CHECK_OK(fill_image(image, size));
  return true;
}

}  // namespace sandboxlet::agent
