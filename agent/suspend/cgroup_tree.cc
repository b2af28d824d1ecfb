#include "agent/suspend/cgroup_tree.h"

#include <sched.h>

#include <chrono>
#include <set>
#include <sstream>
#include <thread>

#include "agent/suspend/cgroup_files.h"

namespace sandboxlet::agent {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// One try at freezing; most need less than 0.3 ms, one that caught an execve never ends.
constexpr auto kFreezeWait = milliseconds(5);
constexpr int kFreezeTries = 10;
// Between tries, for the execve that was caught to end.
constexpr auto kThawedFor = milliseconds(1);
// Spinning is shorter than the kernel's shortest sleep; after that a waiting thread costs more.
constexpr auto kSpinFor = microseconds(200);

}  // namespace

Result<std::string> CgroupTree::checked(const std::string& name) const {
  const bool plain =
      !name.empty() &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
  if (!plain) return Error(Code::kInvalidArgument, "not a name for a cgroup: \"" + name + "\"");
  return root_ + "/" + name;
}

Result<> CgroupTree::open(const CgroupLimits& limits) {
  CHECK_OK(make(root_));
  return limit(root_, limits);
}

Result<> CgroupTree::create(const std::string& name, const CgroupLimits& limits) {
  TRY(const std::string path, checked(name));
  CHECK_OK(make(path));
  return limit(path, limits);
}

// Answers false when the state was not reached in time.
Result<bool> CgroupTree::becomes(const std::string& path, FreezerState wanted) {
  const auto begin = steady_clock::now();
  for (;;) {
    TRY(const FreezerState state, read_state(path));
    if (state == wanted) return true;
    const auto waited = steady_clock::now() - begin;
    if (waited > kFreezeWait) return false;
    if (waited < kSpinFor) {
      sched_yield();
    } else {
      std::this_thread::sleep_for(microseconds(50));
    }
  }
}

// Never half frozen: what does not freeze in time is thawed and tried again, and thawed at the end
// (design: suspend.md, trap 1).
Result<> CgroupTree::freeze(const std::string& name) {
  TRY(const std::string path, checked(name));
  for (int tries = 0; tries < kFreezeTries; ++tries) {
    if (tries > 0) std::this_thread::sleep_for(kThawedFor);
    CHECK_OK(write_frozen(path, true));
    const auto frozen = becomes(path, FreezerState::kFrozen);
    if (frozen && *frozen) return {};
    CHECK_OK(write_frozen(path, false));
    if (!frozen) return frozen.error();
  }
  return Error(Code::kUnavailable, path + " did not freeze, and was thawed");
}

Result<> CgroupTree::thaw(const std::string& name) {
  TRY(const std::string path, checked(name));
  CHECK_OK(write_frozen(path, false));
  TRY(const bool thawed, becomes(path, FreezerState::kThawed));
  if (!thawed) return Error(Code::kUnavailable, path + " did not thaw");
  return {};
}

Result<FreezerState> CgroupTree::state(const std::string& name) {
  TRY(const std::string path, checked(name));
  return read_state(path);
}

Result<> CgroupTree::remove(const std::string& name) {
  TRY(const std::string path, checked(name));
  // The runtime makes a pod's parent in every mount, also where it limits nothing.
  for (const auto& mount : hierarchies_.mounts()) CHECK_OK(remove_cgroup(mount + path));
  return {};
}

Result<std::vector<std::string>> CgroupTree::list() {
  std::set<std::string> names;
  for (const auto& mount : hierarchies_.mounts()) {
    TRY(const auto here, cgroups_in(mount + root_));
    names.insert(here.begin(), here.end());
  }
  return std::vector<std::string>(names.begin(), names.end());
}

Result<std::vector<pid_t>> CgroupTree::processes(const std::string& name) {
  TRY(const std::string path, checked(name));
  return processes_below(main_path(path));
}

Result<CgroupUsage> CgroupTree::usage(const std::string& name) {
  TRY(const std::string path, checked(name));
  TRY(CgroupUsage usage, read_usage(path));
  TRY(const auto pids, processes_below(main_path(path)));
  usage.processes = pids.size();
  return usage;
}

Result<bool> CgroupTree::contains(const std::string& name, pid_t pid) {
  TRY(const std::string path, checked(name));
  TRY(const std::string text, read_cgroup_file("/proc/" + std::to_string(pid) + "/cgroup"));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::string at = line.substr(line.find(':', line.find(':') + 1) + 1);
    if (at == path || at.starts_with(path + "/")) return true;
  }
  return false;
}

}  // namespace sandboxlet::agent
