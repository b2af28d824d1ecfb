#include <signal.h>

#include <array>
#include <thread>

#include "agent/suspend/cgroup_files.h"
#include "agent/suspend/cgroup_tree.h"

namespace sandboxlet::agent {

namespace {

// What the agent itself makes; the runtime makes its parents in the others.
constexpr std::array kControllers{"freezer", "memory", "cpu", "cpuacct", "pids"};
constexpr int kKillRounds = 200;
constexpr auto kBetweenRounds = std::chrono::milliseconds(5);
constexpr int64_t kPeriod = 100'000;

class CgroupsV1 final : public CgroupTree {
 public:
  CgroupsV1(std::string root, Hierarchies hierarchies)
      : CgroupTree(std::move(root), std::move(hierarchies)) {}

  CgroupLayout layout() const override {
    return hierarchies().v2.empty() ? CgroupLayout::kV1 : CgroupLayout::kHybrid;
  }

  // SIGKILL does not reach a frozen task here, and what forks between two looks is missed by one
  // (design: suspend.md, trap 3): freeze, signal all, thaw, until none is left.
  Result<> kill(const std::string& name) override {
    TRY(const std::string path, checked(name));
    for (int round = 0; round < kKillRounds; ++round) {
      TRY(const auto pids, processes_below(main_path(path)));
      if (pids.empty()) return thaw(name);
      // A freeze that fails has thawed again; the signals still reach those that are there.
      const bool frozen = freeze(name).has_value();
      TRY(const auto held, processes_below(main_path(path)));
      for (const pid_t pid : held) ::kill(pid, SIGKILL);
      if (frozen) CHECK_OK(thaw(name));
      std::this_thread::sleep_for(kBetweenRounds);
    }
    return Error(Code::kUnavailable, "processes in " + path + " outlive SIGKILL");
  }

 private:
  std::string main_path(const std::string& path) const override { return file("freezer", path); }

  std::string file(const char* controller, const std::string& path) const {
    const auto found = hierarchies().v1.find(controller);
    return found == hierarchies().v1.end() ? "" : found->second + path;
  }

  Result<> make(const std::string& path) override {
    for (const char* controller : kControllers) {
      if (hierarchies().v1.contains(controller)) CHECK_OK(make_cgroup(file(controller, path)));
    }
    return {};
  }

  Result<> set(const char* controller, const std::string& path, const char* name, int64_t value) {
    if (!hierarchies().v1.contains(controller)) {
      return Error(Code::kUnimplemented,
                   "this machine has no cgroup controller " + std::string(controller));
    }
    return write_cgroup_file(file(controller, path) + "/" + name, std::to_string(value));
  }

  Result<> limit(const std::string& path, const CgroupLimits& limits) override {
    if (limits.memory_bytes)
      CHECK_OK(set("memory", path, "memory.limit_in_bytes", *limits.memory_bytes));
    if (limits.cpu_shares) CHECK_OK(set("cpu", path, "cpu.shares", *limits.cpu_shares));
    if (limits.cpu_quota) {
      CHECK_OK(set("cpu", path, "cpu.cfs_period_us", kPeriod));
      CHECK_OK(set("cpu", path, "cpu.cfs_quota_us", *limits.cpu_quota));
    }
    if (limits.pids) CHECK_OK(set("pids", path, "pids.max", *limits.pids));
    return {};
  }

  Result<> write_frozen(const std::string& path, bool frozen) override {
    return write_cgroup_file(main_path(path) + "/freezer.state", frozen ? "FROZEN" : "THAWED");
  }

  Result<FreezerState> read_state(const std::string& path) override {
    TRY(const std::string text, read_cgroup_file(main_path(path) + "/freezer.state"));
    if (text.starts_with("FROZEN")) return FreezerState::kFrozen;
    return text.starts_with("FREEZING") ? FreezerState::kFreezing : FreezerState::kThawed;
  }

  Result<CgroupUsage> read_usage(const std::string& path) override {
    CgroupUsage usage;
    TRY(const std::string cpu, read_cgroup_file(file("cpuacct", path) + "/cpuacct.usage"));
    usage.cpu_nanoseconds = std::stoull(cpu);
    TRY(const std::string used, read_cgroup_file(file("memory", path) + "/memory.usage_in_bytes"));
    TRY(const std::string stat, read_cgroup_file(file("memory", path) + "/memory.stat"));
    const uint64_t bytes = std::stoull(used);
    const uint64_t cache = keyed_value(stat, "total_inactive_file");
    usage.memory_working_set = bytes > cache ? bytes - cache : 0;
    return usage;
  }
};

}  // namespace

std::unique_ptr<Cgroups> make_cgroups_v1(std::string root, Hierarchies hierarchies) {
  return std::make_unique<CgroupsV1>(std::move(root), std::move(hierarchies));
}

}  // namespace sandboxlet::agent
