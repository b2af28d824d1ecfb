#include "agent/suspend/cgroup_tree.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "agent/suspend/cgroup_files.h"
#include "agent/suspend/memory_facts.h"
#include "agent/suspend/reclaim.h"
#include "agent/suspend/wait.h"

namespace sandboxlet::agent {

namespace {

using std::chrono::milliseconds;

// The first try at freezing; most need less than 0.3 ms, one that caught an execve never ends. Each
// later one waits twice as long: on a busy machine a process stops only when it gets the CPU.
constexpr Duration kFirstFreezeWait = milliseconds(5);
constexpr Duration kLongestFreezeWait = milliseconds(40);
constexpr int kFreezeTries = 10;
// Between tries, for the execve that was caught to end.
constexpr Duration kThawedFor = milliseconds(1);
// A thaw is at once, except below a cgroup that somebody else froze.
constexpr Duration kThawWait = milliseconds(200);

bool is_name(const std::string& name) {
  return !name.empty() &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
}

// The pool's: one level, whatever the operator calls it.
bool is_root(const std::string& root) {
  return root.size() > 1 && root.starts_with('/') && root.find('/', 1) == std::string::npos &&
         root[1] != '.';
}

Error not_a_name(const std::string& name) {
  return Error(Code::kInvalidArgument, "not a name for a cgroup: \"" + name + "\"");
}

}  // namespace

Result<std::string> CgroupTree::checked(const std::string& name) const {
  if (!is_name(name)) return not_a_name(name);
  return root_ + "/" + name;
}

Result<> CgroupTree::open(const CgroupLimits& limits) {
  if (!is_root(root_)) return not_a_name(root_);
  CHECK_OK(make(root_));
  return limit(root_, limits);
}

Result<UniqueFd> CgroupTree::lock() {
  const std::string path = main_path(root_);
  UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return errno_error(path);
  if (flock(directory.get(), LOCK_EX | LOCK_NB) == 0) return directory;
  if (errno != EWOULDBLOCK) return errno_error("lock " + path);
  return Error(Code::kFailedPrecondition, "another sandboxlet runs on the cgroup " + path);
}

Result<> CgroupTree::create(const std::string& name, const CgroupLimits& limits) {
  TRY(const std::string path, checked(name));
  CHECK_OK(make(path));
  CHECK_OK(limit(path, limits));
  return close_swap(path);
}

Result<bool> CgroupTree::becomes(const std::string& path, FreezerState wanted, Duration limit) {
  Result<FreezerState> state = FreezerState::kFreezing;
  const bool reached = wait_until(limit, [&] {
    state = read_state(path);
    return !state || *state == wanted;
  });
  if (!state) return std::move(state.error());
  return reached;
}

// Answers false when it is thawed again.
Result<bool> CgroupTree::try_to_freeze(const std::string& path, Duration limit) {
  CHECK_OK(write_frozen(path, true));
  Result<bool> frozen = becomes(path, FreezerState::kFrozen, limit);
  if (!frozen || !*frozen) CHECK_OK(write_frozen(path, false));
  return frozen;
}

// Never half frozen: what does not freeze in time is thawed and tried again, and thawed at the end
// (design: suspend.md, trap 1).
Result<> CgroupTree::freeze(const std::string& name) {
  TRY(const std::string path, checked(name));
  Duration wait = kFirstFreezeWait;
  for (int tries = 0; tries < kFreezeTries; ++tries) {
    if (tries > 0) std::this_thread::sleep_for(kThawedFor);
    TRY(const bool frozen, try_to_freeze(path, wait));
    if (frozen) return {};
    wait = std::min(2 * wait, kLongestFreezeWait);
  }
  return Error(Code::kFailedPrecondition, path + " did not freeze, and was thawed");
}

Result<> CgroupTree::thaw(const std::string& name) {
  TRY(const std::string path, checked(name));
  CHECK_OK(close_swap(path));
  CHECK_OK(write_frozen(path, false));
  TRY(const bool thawed, becomes(path, FreezerState::kThawed, kThawWait));
  if (!thawed) return Error(Code::kUnavailable, path + " did not thaw: a cgroup above is frozen");
  return {};
}

Result<FreezerState> CgroupTree::state(const std::string& name) {
  TRY(const std::string path, checked(name));
  return read_state(path);
}

// One cgroup of the tree.
class CgroupTree::Reclaimed final : public ReclaimTarget {
 public:
  Reclaimed(CgroupTree& tree, const std::string& path) : tree_(tree), path_(path) {}

  Result<uint64_t> in_memory() override {
    TRY(const CgroupUsage usage, tree_.read_usage(path_));
    return usage.memory_total;
  }
  Result<uint64_t> swap_free() override {
    TRY(const MemoryFacts facts, read_memory_facts(tree_.proc_));
    return facts.swap_free;
  }
  Result<> open_swap() override { return tree_.open_swap(path_); }
  Result<> push(ReclaimStop& stop) override { return tree_.push(path_, stop); }

 private:
  CgroupTree& tree_;
  const std::string& path_;
};

Result<uint64_t> CgroupTree::reclaim(const std::string& name, ReclaimStop& stop) {
  TRY(const std::string path, checked(name));
  TRY(const FreezerState state, read_state(path));
  // In this order: what thaws it stops this first.
  if (stop.stopped()) return Error(Code::kCancelled, "the reclaim was stopped");
  if (state != FreezerState::kFrozen) {
    return Error(Code::kFailedPrecondition, path + " is not frozen");
  }
  if (read_support(path) != ReclaimSupport::kSupported) {
    return Error(Code::kUnimplemented, "this machine cannot take memory from a cgroup");
  }
  Reclaimed reclaimed(*this, path);
  auto given_back = agent::reclaim(reclaimed, stop);
  // The thaw may have closed it before this had opened it.
  if (stop.stopped()) CHECK_OK(close_swap(path));
  return std::move(given_back).wrap("reclaim " + path);
}

Result<> CgroupTree::remove(const std::string& name) {
  TRY(const std::string path, checked(name));
  Result<> result;
  // The runtime makes a pod's parent in every mount, also where it limits nothing.
  for (const auto& mount : hierarchies_.mounts()) {
    Result<> removed = remove_cgroup(mount + path);
    if (result) result = std::move(removed);
  }
  return result;
}

Result<std::vector<std::string>> CgroupTree::list() {
  std::set<std::string> names;
  for (const auto& mount : hierarchies_.mounts()) {
    TRY(const auto here, cgroups_in(mount + root_));
    names.insert(here.begin(), here.end());
  }
  // What can be no Sandbox's is not ours to know.
  std::erase_if(names, [](const std::string& name) { return !is_name(name); });
  return std::vector<std::string>(names.begin(), names.end());
}

Result<std::vector<pid_t>> CgroupTree::processes(const std::string& name) {
  TRY(const std::string path, checked(name));
  return processes_below(main_path(path));
}

Result<CpuCounter> CgroupTree::count_cpu(const std::string& name) {
  TRY(const std::string path, checked(name));
  return open_cpu(path);
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
  const auto text = read_cgroup_file("/proc/" + std::to_string(pid) + "/cgroup");
  // A process that is gone is in no cgroup.
  if (!text && text.error().code() == Code::kNotFound) return false;
  if (!text) return text.error();
  const std::string at = cgroup_of(*text, main_controller());
  return at == path || at.starts_with(path + "/");
}

}  // namespace sandboxlet::agent
