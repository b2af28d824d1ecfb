#include "agent/volume/mounts.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>

namespace sandboxlet::agent {

Result<bool> is_mount_point(const std::string& path) {
  struct statx status {};
  constexpr int kFlags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
  if (statx(AT_FDCWD, path.c_str(), kFlags, 0, &status) != 0) {
    if (errno == ENOENT) return false;
    return errno_error("stat " + path);
  }
  return (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

Result<> unmount(const std::string& path, WhereBusy where_busy) {
  for (;;) {
    TRY(const bool mounted, is_mount_point(path));
    if (!mounted) return {};
    if (umount2(path.c_str(), UMOUNT_NOFOLLOW) == 0) continue;
    const bool detach = where_busy == WhereBusy::kDetach;
    if (detach && umount2(path.c_str(), UMOUNT_NOFOLLOW | MNT_DETACH) == 0) continue;
    if (errno != EBUSY) return errno_error("unmount " + path);
    return Error(Code::kUnavailable, path + " is in use", EBUSY);
  }
}

Result<> unmount_children(const std::string& directory) {
  namespace fs = std::filesystem;
  std::error_code error;
  auto entry = fs::directory_iterator(directory, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    CHECK_OK(unmount(entry->path(), WhereBusy::kDetach));
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return errno_error("list " + directory, error.value());
  }
  return {};
}

}  // namespace sandboxlet::agent
