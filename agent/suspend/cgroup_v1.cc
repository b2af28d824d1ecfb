#include <signal.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "agent/suspend/cgroup_files.h"
#include "agent/suspend/cgroup_tree.h"
#include "agent/suspend/signal_members.h"
#include "agent/suspend/wait.h"

namespace sandboxlet::agent {

namespace {

using std::chrono::milliseconds;

// What the agent itself makes; the runtime makes its parents in the others.
constexpr std::array kControllers{"freezer", "memory", "cpu", "cpuacct", "pids"};
// Microseconds; of which quotas are parts.
constexpr char kPeriod[] = "100000";
// Each round waits twice as long as the one before: 6 s in all, for the last bytes of big ones.
constexpr int kKillRounds = 9;
constexpr Duration kFirstKillWait = milliseconds(12);

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
    Duration wait = kFirstKillWait;
    for (int round = 0; round < kKillRounds; ++round, wait *= 2) {
      // One that fails has thawed again; the signals still reach those that are there.
      static_cast<void>(freeze(name));
      const Result<> signalled = signal_all(name, path);
      // Below as well, where the Sandbox or the runtime may have frozen something.
      CHECK_OK(write_below(main_path(path), "freezer.state", "THAWED"));
      CHECK_OK(signalled);
      TRY(const bool empty, becomes_empty(path, wait));
      if (empty) return thaw(name);
    }
    return Error(Code::kUnavailable, "processes in " + path + " outlive SIGKILL");
  }

 private:
  std::string main_controller() const override { return "freezer"; }
  std::string main_path(const std::string& path) const override { return file("freezer", path); }

  bool has(const char* controller) const { return hierarchies().v1.contains(controller); }

  // Only of a controller that this machine has.
  std::string file(const char* controller, const std::string& path) const {
    return hierarchies().v1.at(controller) + path;
  }

  Result<> signal_all(const std::string& name, const std::string& path) {
    TRY(const auto pids, processes_below(main_path(path)));
    return signal_members(pids, SIGKILL, [&](pid_t pid) { return contains(name, pid); });
  }

  Result<bool> becomes_empty(const std::string& path, Duration limit) {
    Result<std::vector<pid_t>> pids;
    const bool empty = wait_until(limit, [&] {
      pids = processes_below(main_path(path));
      return !pids || pids->empty();
    });
    if (!pids) return std::move(pids.error());
    return empty;
  }

  Result<> make(const std::string& path) override {
    for (const char* controller : kControllers) {
      if (has(controller)) CHECK_OK(make_cgroup(file(controller, path)));
    }
    return {};
  }

  Result<> set(const char* controller, const std::string& path, const char* name,
               std::optional<int64_t> value, const char* unlimited) {
    if (has(controller)) {
      return write_cgroup_file(file(controller, path) + "/" + name,
                               value ? std::to_string(*value) : unlimited);
    }
    if (!value) return {};
    return Error(Code::kUnimplemented,
                 "this machine has no cgroup controller " + std::string(controller));
  }

  Result<> limit(const std::string& path, const CgroupLimits& limits) override {
    CHECK_OK(set("memory", path, "memory.limit_in_bytes", limits.memory_bytes, "-1"));
    CHECK_OK(set("cpu", path, "cpu.shares", limits.cpu_shares, "1024"));
    CHECK_OK(set("cpu", path, "cpu.cfs_period_us", std::nullopt, kPeriod));
    CHECK_OK(set("cpu", path, "cpu.cfs_quota_us", within_parent(path, limits.cpu_quota), "-1"));
    return set("pids", path, "pids.max", limits.pids, "max");
  }

  // v1 refuses a quota above the parent's (EINVAL), which would hold all the same.
  std::optional<int64_t> within_parent(const std::string& path, std::optional<int64_t> quota) {
    if (!quota || !has("cpu")) return quota;
    const std::string parent = path.substr(0, path.rfind('/'));
    const auto above = read_cgroup_number(file("cpu", parent) + "/cpu.cfs_quota_us");
    // Not a number: -1, unlimited.
    if (!above) return quota;
    return std::min(*quota, static_cast<int64_t>(*above));
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
    if (has("cpuacct")) {
      TRY(usage.cpu_nanoseconds, read_cgroup_number(file("cpuacct", path) + "/cpuacct.usage"));
    }
    if (has("memory")) {
      const std::string memory = file("memory", path);
      TRY(const uint64_t used, read_cgroup_number(memory + "/memory.usage_in_bytes"));
      TRY(const std::string stat, read_cgroup_file(memory + "/memory.stat"));
      usage.memory_working_set = used - std::min(used, keyed_value(stat, "total_inactive_file"));
    }
    return usage;
  }
};

}  // namespace

std::unique_ptr<Cgroups> make_cgroups_v1(std::string root, Hierarchies hierarchies) {
  return std::make_unique<CgroupsV1>(std::move(root), std::move(hierarchies));
}

}  // namespace sandboxlet::agent
