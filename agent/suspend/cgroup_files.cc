#include "agent/suspend/cgroup_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <sstream>
#include <thread>

#include "base/unique_fd.h"

namespace sandboxlet::agent {

namespace {

using std::chrono::milliseconds;

// A cgroup stays busy for some milliseconds after its last process has been killed.
constexpr std::array kBusyDelays{milliseconds(1),  milliseconds(2),  milliseconds(5),
                                 milliseconds(10), milliseconds(20), milliseconds(50),
                                 milliseconds(100)};

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

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

Result<> write_cgroup_file(const std::string& path, const std::string& value) {
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return errno_error(path);
  if (write(file.get(), value.data(), value.size()) < 0) {
    return errno_error("write \"" + value + "\" to " + path);
  }
  return {};
}

bool cgroup_exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

Result<> make_cgroup(const std::string& path) {
  if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return errno_error("make " + path);
  return {};
}

Result<> remove_cgroup(const std::string& path) {
  TRY(const auto children, cgroups_in(path));
  for (const auto& child : children) CHECK_OK(remove_cgroup(path + "/" + child));
  for (const milliseconds delay : kBusyDelays) {
    if (rmdir(path.c_str()) == 0 || errno == ENOENT) return {};
    if (errno != EBUSY) break;
    std::this_thread::sleep_for(delay);
  }
  return errno_error("remove " + path);
}

Result<std::vector<std::string>> cgroups_in(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, CloseDirectory> directory(opendir(path.c_str()));
  if (!directory && errno == ENOENT) return names;
  if (!directory) return errno_error(path);
  for (const dirent* entry = readdir(directory.get()); entry != nullptr;
       entry = readdir(directory.get())) {
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  return names;
}

Result<std::vector<pid_t>> processes_below(const std::string& path) {
  TRY(const std::string text, read_cgroup_file(path + "/cgroup.procs"));
  std::vector<pid_t> pids;
  std::istringstream numbers(text);
  for (pid_t pid = 0; numbers >> pid;) pids.push_back(pid);
  TRY(const auto children, cgroups_in(path));
  for (const auto& child : children) {
    const auto more = processes_below(path + "/" + child);
    // One that was removed meanwhile has no processes.
    if (!more && more.error().code() == Code::kNotFound) continue;
    if (!more) return more.error();
    pids.insert(pids.end(), more->begin(), more->end());
  }
  return pids;
}

uint64_t keyed_value(const std::string& text, const std::string& key) {
  std::istringstream lines(text);
  std::string name;
  for (uint64_t value = 0; lines >> name >> value;) {
    if (name == key) return value;
  }
  return 0;
}

}  // namespace sandboxlet::agent
