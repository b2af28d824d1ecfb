#include "agent/volume/empty_dir.h"

#include <sys/mount.h>

#include "agent/volume/directories.h"
#include "agent/volume/mounts.h"

namespace sandboxlet::agent {

namespace {

Result<> mount_tmpfs(const EmptyDir& source, const std::string& path) {
  std::string options = "mode=0777";
  // The kernel rounds up to pages, and takes 0 for no limit at all: that is the default's business
  // (half of the memory), as in the kubelet.
  if (source.size_limit.value_or(0) > 0) options += ",size=" + std::to_string(*source.size_limit);
  if (mount("tmpfs", path.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) != 0) {
    return errno_error("mount tmpfs on " + path);
  }
  return {};
}

}  // namespace

Result<> stage_empty_dir(const EmptyDir& source, const std::string& path) {
  CHECK_OK(make_directory(path, 0777));
  if (!source.memory) return {};
  TRY(const bool mounted, is_mount_point(path));
  return mounted ? Result<>() : mount_tmpfs(source, path);
}

}  // namespace sandboxlet::agent
