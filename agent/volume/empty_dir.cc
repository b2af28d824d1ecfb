#include "agent/volume/empty_dir.h"

#include <sys/mount.h>
#include <unistd.h>

#include "agent/volume/directories.h"
#include "agent/volume/mounts.h"

namespace sandboxlet::agent {

namespace {

Result<> mount_tmpfs(const EmptyDir& source, const std::string& path) {
  std::string options = "mode=0777";
  if (source.size_limit) {
    const int64_t page = sysconf(_SC_PAGESIZE);
    const int64_t pages = (*source.size_limit + page - 1) / page;
    options += ",size=" + std::to_string(pages * page);
  }
  if (mount("tmpfs", path.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) != 0) {
    return errno_error("mount tmpfs on " + path);
  }
  return {};
}

}  // namespace

Result<> stage_empty_dir(const EmptyDir& source, const std::string& path) {
  CHECK_OK(make_directory(path, 0777));
  if (!source.memory) return {};
  TRY(const auto mounts, mounts_below(path));
  return mounts.empty() ? mount_tmpfs(source, path) : Result<>();
}

}  // namespace sandboxlet::agent
