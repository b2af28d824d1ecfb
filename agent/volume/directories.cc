#include "agent/volume/directories.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "base/unique_fd.h"

namespace sandboxlet::agent {

namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

constexpr int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

Result<Directory> open_directory(int parent, const std::string& name) {
  UniqueFd fd(openat(parent, name.c_str(), kOpenDirectory));
  if (!fd) return errno_error("open " + name);
  Directory directory(fdopendir(fd.get()));
  if (!directory) return errno_error("open " + name);
  fd.release();
  return directory;
}

// A tree is taken apart from its top: a directory that is not empty is moved up to the top, where
// its turn comes. So no path gets long, and one level is open at a time however deep it was.
class Dismantler {
 public:
  explicit Dismantler(int top) : top_(top) {}

  Result<> empty(const std::string& name) {
    TRY(const Directory directory, open_directory(top_, name));
    const int fd = dirfd(directory.get());
    for (;;) {
      errno = 0;
      const dirent* const entry = readdir(directory.get());
      if (entry == nullptr) break;
      const std::string child = entry->d_name;
      if (child != "." && child != "..") CHECK_OK(take(fd, child));
    }
    if (errno != 0) return errno_error("read " + name);
    return {};
  }

 private:
  Result<> take(int parent, const std::string& name) {
    if (unlinkat(parent, name.c_str(), 0) == 0) return {};
    if (errno != EISDIR) return errno_error("remove " + name);
    if (unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0) return {};
    if (errno != ENOTEMPTY) return errno_error("remove " + name);
    const std::string moved = ".removing-" + std::to_string(sequence_++);
    // Names at the top are ours alone, left over from an earlier try at most.
    if (renameat2(parent, name.c_str(), top_, moved.c_str(), RENAME_NOREPLACE) == 0) return {};
    if (errno == EEXIST) return take(parent, name);
    return errno_error("move " + name);
  }

  const int top_;
  uint64_t sequence_ = 0;
};

// Empties top, an open directory, of everything.
Result<> empty_top(int top) {
  Dismantler dismantler(top);
  for (bool again = true; again;) {
    again = false;
    TRY(const Directory directory, open_directory(top, "."));
    for (const dirent* entry = readdir(directory.get()); entry != nullptr;
         entry = readdir(directory.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      again = true;
      if (unlinkat(top, name.c_str(), 0) == 0) continue;
      if (errno != EISDIR) return errno_error("remove " + name);
      if (unlinkat(top, name.c_str(), AT_REMOVEDIR) == 0) continue;
      if (errno != ENOTEMPTY) return errno_error("remove " + name);
      CHECK_OK(dismantler.empty(name));
    }
  }
  return {};
}

}  // namespace

Result<> make_directory(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return errno_error("make " + path);
  const UniqueFd directory(open(path.c_str(), kOpenDirectory));
  if (!directory) return errno_error("open " + path);
  if (fchmod(directory.get(), mode) != 0) return errno_error("chmod " + path);
  return {};
}

Result<> remove_tree(const std::string& path) {
  const UniqueFd top(open(path.c_str(), kOpenDirectory));
  if (!top && errno == ENOENT) return {};
  if (!top) return errno_error("open " + path);
  CHECK_OK(empty_top(top.get()).wrap("remove " + path));
  if (rmdir(path.c_str()) != 0 && errno != ENOENT) return errno_error("remove " + path);
  return {};
}

}  // namespace sandboxlet::agent
