#include <thread>

#include "agent/suspend/cgroup_files.h"
#include "agent/suspend/cgroup_tree.h"

namespace sandboxlet::agent {

namespace {

constexpr int kKillRounds = 400;
constexpr auto kBetweenRounds = std::chrono::milliseconds(5);

// runc: ConvertCPUSharesToCgroupV2Value.
int64_t weight_of(int64_t shares) { return 1 + ((shares - 2) * 9999) / 262142; }

class CgroupsV2 final : public CgroupTree {
 public:
  CgroupsV2(std::string root, Hierarchies hierarchies)
      : CgroupTree(std::move(root), std::move(hierarchies)) {}

  CgroupLayout layout() const override { return CgroupLayout::kV2; }

  Result<> kill(const std::string& name) override {
    TRY(const std::string path, checked(name));
    CHECK_OK(write_cgroup_file(main_path(path) + "/cgroup.kill", "1"));
    for (int round = 0; round < kKillRounds; ++round) {
      TRY(const std::string events, read_cgroup_file(main_path(path) + "/cgroup.events"));
      if (keyed_value(events, "populated") == 0) return thaw(name);
      std::this_thread::sleep_for(kBetweenRounds);
    }
    return Error(Code::kUnavailable, "processes in " + path + " outlive cgroup.kill");
  }

 private:
  std::string main_path(const std::string& path) const override { return hierarchies().v2 + path; }

  // Controllers are handed down level by level; those that this hierarchy has.
  Result<> hand_down(const std::string& parent) {
    TRY(const std::string controllers, read_cgroup_file(parent + "/cgroup.controllers"));
    for (const char* name : {"cpu", "memory", "pids", "io"}) {
      if ((" " + controllers).find(" " + std::string(name)) == std::string::npos) continue;
      CHECK_OK(write_cgroup_file(parent + "/cgroup.subtree_control", "+" + std::string(name)));
    }
    return {};
  }

  Result<> make(const std::string& path) override {
    const std::string whole = main_path(path);
    CHECK_OK(hand_down(whole.substr(0, whole.rfind('/'))));
    CHECK_OK(make_cgroup(whole));
    return hand_down(whole);
  }

  Result<> set(const std::string& path, const char* name, const std::string& value) {
    return write_cgroup_file(main_path(path) + "/" + name, value);
  }

  Result<> limit(const std::string& path, const CgroupLimits& limits) override {
    if (limits.memory_bytes)
      CHECK_OK(set(path, "memory.max", std::to_string(*limits.memory_bytes)));
    if (limits.cpu_shares)
      CHECK_OK(set(path, "cpu.weight", std::to_string(weight_of(*limits.cpu_shares))));
    if (limits.cpu_quota)
      CHECK_OK(set(path, "cpu.max", std::to_string(*limits.cpu_quota) + " 100000"));
    if (limits.pids) CHECK_OK(set(path, "pids.max", std::to_string(*limits.pids)));
    return {};
  }

  Result<> write_frozen(const std::string& path, bool frozen) override {
    return set(path, "cgroup.freeze", frozen ? "1" : "0");
  }

  Result<FreezerState> read_state(const std::string& path) override {
    TRY(const std::string events, read_cgroup_file(main_path(path) + "/cgroup.events"));
    if (keyed_value(events, "frozen") == 1) return FreezerState::kFrozen;
    TRY(const std::string asked, read_cgroup_file(main_path(path) + "/cgroup.freeze"));
    return asked.starts_with('1') ? FreezerState::kFreezing : FreezerState::kThawed;
  }

  Result<CgroupUsage> read_usage(const std::string& path) override {
    CgroupUsage usage;
    TRY(const std::string cpu, read_cgroup_file(main_path(path) + "/cpu.stat"));
    usage.cpu_nanoseconds = keyed_value(cpu, "usage_usec") * 1000;
    TRY(const std::string used, read_cgroup_file(main_path(path) + "/memory.current"));
    TRY(const std::string stat, read_cgroup_file(main_path(path) + "/memory.stat"));
    const uint64_t bytes = std::stoull(used);
    const uint64_t cache = keyed_value(stat, "inactive_file");
    usage.memory_working_set = bytes > cache ? bytes - cache : 0;
    return usage;
  }
};

}  // namespace

std::unique_ptr<Cgroups> make_cgroups_v2(std::string root, Hierarchies hierarchies) {
  return std::make_unique<CgroupsV2>(std::move(root), std::move(hierarchies));
}

}  // namespace sandboxlet::agent
