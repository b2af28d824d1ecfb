#include "agent/suspend/cgroup_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <memory>
#include <sstream>

#include "agent/suspend/wait.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {

namespace {

// A cgroup stays busy for some milliseconds after its last process has been killed.
constexpr Duration kBusyPatience = std::chrono::milliseconds(200);

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

std::string below(const std::string& path, const std::string& name) { return path + "/" + name; }

// What vanished is no error to one who looks at a whole tree.
Result<> unless_gone(Result<> result) {
  if (!result && result.error().code() == Code::kNotFound) return {};
  return result;
}

// 0 is how the kernel names a process of a pid namespace that this one cannot see: to signal that
// would be to signal the agent itself.
Result<> append_pids(const std::string& text, const std::string& path, std::vector<pid_t>& pids) {
  std::istringstream numbers(text);
  for (pid_t pid = 0; numbers >> pid;) {
    if (pid <= 0) {
      return Error(Code::kFailedPrecondition, path + " has processes of a foreign pid namespace");
    }
    pids.push_back(pid);
  }
  return {};
}

Result<> collect_processes(const std::string& path, std::vector<pid_t>& pids) {
  TRY(const std::string text, read_cgroup_file(path + "/cgroup.procs"));
  CHECK_OK(append_pids(text, path, pids));
  TRY(const auto children, cgroups_in(path));
  for (const auto& child : children) {
    CHECK_OK(unless_gone(collect_processes(below(path, child), pids)));
  }
  return {};
}

}  // namespace

Result<std::string> read_cgroup_file(const std::string& path) {
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return errno_error(path);
  std::string text;
  std::array<char, 4096> block;
  for (;;) {
    const ssize_t size = read(file.get(), block.data(), block.size());
    if (size < 0) return errno_error(path);
    if (size == 0) return text;
    text.append(block.data(), size);
  }
}

Result<OpenCgroupFile> OpenCgroupFile::open(std::string path) {
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return errno_error(path);
  return OpenCgroupFile(std::move(path), std::move(file));
}

Result<std::string> OpenCgroupFile::read() const {
  std::array<char, 4096> block;
  const ssize_t size = pread(file_.get(), block.data(), block.size(), 0);
  if (size < 0) return errno_error(path_);
  return std::string(block.data(), size);
}

Result<> write_cgroup_file(const std::string& path, const std::string& value) {
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  if (!file) return errno_error(path);
  if (write(file.get(), value.data(), value.size()) < 0) {
    return errno_error("write \"" + value + "\" to " + path);
  }
  return {};
}

Result<uint64_t> cgroup_number(const std::string& text, const std::string& path) {
  uint64_t value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) {
    return Error(Code::kInternal, path + " is no number: " + text);
  }
  return value;
}

Result<uint64_t> read_cgroup_number(const std::string& path) {
  TRY(const std::string text, read_cgroup_file(path));
  return cgroup_number(text, path);
}

uint64_t keyed_value(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!line.starts_with(key) || line.substr(key.size(), 1) != " ") continue;
    uint64_t value = 0;
    std::from_chars(line.data() + key.size() + 1, line.data() + line.size(), value);
    return value;
  }
  return 0;
}

Result<> make_cgroup(const std::string& path) {
  if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return errno_error("make " + path);
  return {};
}

Result<> remove_cgroup(const std::string& path) {
  TRY(const auto children, cgroups_in(path));
  for (const auto& child : children) CHECK_OK(remove_cgroup(below(path, child)));
  int failure = 0;
  wait_until(kBusyPatience, [&] {
    failure = rmdir(path.c_str()) == 0 ? 0 : errno;
    return failure != EBUSY;
  });
  if (failure != 0 && failure != ENOENT) return errno_error("remove " + path, failure);
  return {};
}

Result<std::vector<std::string>> cgroups_in(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, CloseDirectory> directory(opendir(path.c_str()));
  if (!directory && errno == ENOENT) return names;
  if (!directory) return errno_error(path);
  for (const dirent* entry = readdir(directory.get()); entry != nullptr;
       entry = readdir(directory.get())) {
    const std::string name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..") names.push_back(name);
  }
  return names;
}

Result<std::vector<pid_t>> processes_below(const std::string& path) {
  std::vector<pid_t> pids;
  CHECK_OK(collect_processes(path, pids));
  return pids;
}

Result<> write_below(const std::string& path, const std::string& file, const std::string& value) {
  TRY(const auto children, cgroups_in(path));
  for (const auto& child : children) {
    CHECK_OK(unless_gone(write_below(below(path, child), file, value)));
  }
  return write_cgroup_file(path + "/" + file, value);
}

}  // namespace sandboxlet::agent
