#include "agent/volume/fs_group.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "agent/volume/directories.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {

namespace {

constexpr mode_t kFile = 0660;
constexpr mode_t kDirectory = 02770;

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

// Opens what is below a directory on the same file system, by no symbolic link.
UniqueFd open_below(int directory, const std::string& path, uint64_t flags) {
  open_how how{};
  how.flags = flags | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  return UniqueFd(
      static_cast<int>(syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how)));
}

// What a walk comes upon when somebody changes the tree meanwhile, or mounted something in it.
bool is_passed_over(int error) {
  return error == ENOENT || error == ENOTDIR || error == ELOOP || error == EXDEV;
}

bool is_given(const struct stat& entry, gid_t gid) {
  const mode_t wanted = S_ISDIR(entry.st_mode) ? kDirectory : kFile;
  return entry.st_gid == gid && (entry.st_mode & wanted) == wanted;
}

// entry may be open as a path only.
Result<> give(const UniqueFd& entry, const struct stat& status, gid_t gid) {
  if (is_given(status, gid)) return {};
  if (fchownat(entry.get(), "", static_cast<uid_t>(-1), gid, AT_EMPTY_PATH) != 0) {
    return errno_error("chown");
  }
  if (S_ISLNK(status.st_mode)) return {};
  // After the chown, which takes set-uid off a file; and by /proc, as fchmod takes no path only.
  const mode_t mode = (status.st_mode & 07777) | (S_ISDIR(status.st_mode) ? kDirectory : kFile);
  const std::string path = "/proc/self/fd/" + std::to_string(entry.get());
  if (chmod(path.c_str(), mode) != 0) return errno_error("chmod");
  return {};
}

class Walk {
 public:
  Walk(const UniqueFd& root, gid_t gid) : root_(root), gid_(gid) {}

  Result<> everything_below() {
    pending_.emplace_back(".");
    while (!pending_.empty()) {
      const std::string path = std::move(pending_.back());
      pending_.pop_back();
      CHECK_OK(entries_of(path).wrap(path));
    }
    return {};
  }

 private:
  Result<> entries_of(const std::string& path) {
    UniqueFd fd = open_below(root_.get(), path, O_RDONLY | O_DIRECTORY);
    if (!fd && is_passed_over(errno)) return {};
    if (!fd) return errno_error("open");
    const std::unique_ptr<DIR, CloseDirectory> directory(fdopendir(fd.get()));
    if (!directory) return errno_error("open");
    const int self = fd.release();
    for (;;) {
      errno = 0;
      const dirent* const entry = readdir(directory.get());
      if (entry == nullptr) break;
      const std::string name = entry->d_name;
      if (name != "." && name != "..") CHECK_OK(visit(self, path, name).wrap(name));
    }
    if (errno != 0) return errno_error("read");
    return {};
  }

  Result<> visit(int directory, const std::string& path, const std::string& name) {
    const UniqueFd entry = open_below(directory, name, O_PATH);
    if (!entry && is_passed_over(errno)) return {};
    if (!entry) return errno_error("open");
    struct stat status {};
    if (fstat(entry.get(), &status) != 0) return errno_error("stat");
    if (S_ISDIR(status.st_mode)) pending_.push_back(path + "/" + name);
    return give(entry, status, gid_);
  }

  const UniqueFd& root_;
  const gid_t gid_;
  // Directories below the root that are to be read. By their paths: a tree may be deeper than a
  // process may have files open.
  std::vector<std::string> pending_;
};

}  // namespace

Result<> apply_fs_group(const std::string& volume, gid_t gid, FsGroupChange change) {
  TRY(const UniqueFd root, open_directory(volume));
  struct stat status {};
  if (fstat(root.get(), &status) != 0) return errno_error("stat " + volume);
  if (change == FsGroupChange::kOnRootMismatch && is_given(status, gid)) return {};
  CHECK_OK(Walk(root, gid).everything_below().wrap("fsGroup of " + volume));
  return give(root, status, gid).wrap("fsGroup of " + volume);
}

}  // namespace sandboxlet::agent
