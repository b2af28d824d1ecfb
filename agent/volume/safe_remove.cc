#include "agent/volume/safe_remove.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>

#include "base/unique_fd.h"

namespace sandboxlet::agent {

namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

constexpr int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// Calls each with the directory and the name of every entry but "." and "..".
Result<> for_each_entry(int parent, const std::string& name,
                        const std::function<Result<>(int, const std::string&)>& each) {
  UniqueFd fd(openat(parent, name.c_str(), kOpenDirectory));
  if (!fd && errno == ENOENT) return {};
  if (!fd) return errno_error("open " + name);
  const Directory directory(fdopendir(fd.get()));
  if (!directory) return errno_error("open " + name);
  const int self = fd.release();
  for (;;) {
    errno = 0;
    const dirent* const entry = readdir(directory.get());
    if (entry == nullptr) break;
    const std::string child = entry->d_name;
    if (child != "." && child != "..") CHECK_OK(each(self, child));
  }
  if (errno != 0) return errno_error("read " + name);
  return {};
}

// Answers false for a directory that is not empty. A mount point is an error: EBUSY.
Result<bool> remove_entry(int parent, const std::string& name) {
  if (unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return true;
  if (errno != EISDIR) return errno_error("remove " + name);
  if (unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return true;
  if (errno != ENOTEMPTY) return errno_error("remove " + name);
  return false;
}

// A tree is taken apart from its top: a directory that is not empty is moved up to the top, where
// its turn comes. So no path gets long, and one level is open at a time however deep it was.
class Dismantler {
 public:
  explicit Dismantler(int top) : top_(top) {}

  Result<> empty_top() {
    for (found_ = true; found_;) {
      found_ = false;
      CHECK_OK(for_each_entry(top_, ".", [this](int top, const std::string& name) -> Result<> {
        found_ = true;
        TRY(const bool removed, remove_entry(top, name));
        return removed ? Result<>() : flatten(name);
      }));
    }
    return {};
  }

 private:
  Result<> flatten(const std::string& name) {
    return for_each_entry(top_, name, [this](int parent, const std::string& child) -> Result<> {
      TRY(const bool removed, remove_entry(parent, child));
      return removed ? Result<>() : move_up(parent, child);
    });
  }

  Result<> move_up(int parent, const std::string& name) {
    for (;;) {
      const std::string moved = ".removing-" + std::to_string(sequence_++);
      if (renameat2(parent, name.c_str(), top_, moved.c_str(), RENAME_NOREPLACE) == 0) return {};
      if (errno == ENOENT) return {};
      // What an earlier try moved there.
      if (errno != EEXIST) return errno_error("move " + name);
    }
  }

  const int top_;
  uint64_t sequence_ = 0;
  bool found_ = false;
};

}  // namespace

Result<> remove_tree(const std::string& path) {
  const UniqueFd top(open(path.c_str(), kOpenDirectory));
  if (!top && errno == ENOENT) return {};
  if (!top) return errno_error("open " + path);
  CHECK_OK(Dismantler(top.get()).empty_top().wrap("remove " + path));
  if (rmdir(path.c_str()) != 0 && errno != ENOENT) return errno_error("remove " + path);
  return {};
}

}  // namespace sandboxlet::agent
