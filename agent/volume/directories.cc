#include "agent/volume/directories.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace sandboxlet::agent {

namespace {

constexpr int kOpen = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

}  // namespace

Result<> make_directory(const std::string& path, mode_t mode) {
  if (UniqueFd(open(path.c_str(), kOpen))) return {};
  if (errno != ENOENT) return errno_error("open " + path);
  // Between mkdir and fchmod the umask rules: another name until that is over.
  const size_t base = path.rfind('/') + 1;
  const std::string unfinished = path.substr(0, base) + ".making-" + path.substr(base);
  if (mkdir(unfinished.c_str(), 0700) != 0 && errno != EEXIST) return errno_error("make " + path);
  const UniqueFd directory(open(unfinished.c_str(), kOpen));
  if (!directory) return errno_error("open " + unfinished);
  if (fchmod(directory.get(), mode) != 0) return errno_error("chmod " + path);
  if (renameat2(AT_FDCWD, unfinished.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) {
    return errno_error("make " + path);
  }
  return {};
}

Result<UniqueFd> open_directory(const std::string& path) {
  UniqueFd directory(open(path.c_str(), kOpen));
  if (!directory) return errno_error("open " + path);
  return directory;
}

Result<> sync_directory(const std::string& path) {
  // The data root, which is the operator's own, may be a link.
  const UniqueFd directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory && errno == ENOENT) return {};
  if (!directory || fsync(directory.get()) != 0) return errno_error("sync " + path);
  return {};
}

}  // namespace sandboxlet::agent
