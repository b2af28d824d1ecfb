#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "agent/suspend/cgroup_files.h"
#include "agent/suspend/cgroup_tree.h"
#include "agent/suspend/wait.h"

namespace sandboxlet::agent {

namespace {

constexpr Duration kKillWait = std::chrono::seconds(6);
// Bytes of one step of a reclaim, and how long it may take at most.
constexpr char kReclaimBytes[] = "16777216";
constexpr Duration kReclaimStep = std::chrono::milliseconds(500);
// As readily as file cache goes, whatever the machine's own vm.swappiness: with 0 nothing goes.
constexpr char kSwappy[] = " swappiness=100";

// runc: ConvertCPUSharesToCgroupV2Value, and the kernel's default.
std::string weight_of(std::optional<int64_t> shares) {
  if (!shares) return "100";
  const int64_t in_range = std::clamp<int64_t>(*shares, 2, 262144);
  return std::to_string(1 + ((in_range - 2) * 9999) / 262142);
}

std::string or_max(std::optional<int64_t> limit) { return limit ? std::to_string(*limit) : "max"; }

// All words of the text, one space between.
bool has_word(const std::string& text, const std::string& word) {
  std::string spaced = " " + text + " ";
  std::replace(spaced.begin(), spaced.end(), '\n', ' ');
  return spaced.find(" " + word + " ") != std::string::npos;
}

class CgroupsV2 final : public CgroupTree {
 public:
  CgroupsV2(std::string root, Hierarchies hierarchies, std::string proc)
      : CgroupTree(std::move(root), std::move(hierarchies), std::move(proc)) {}

  CgroupLayout layout() const override { return CgroupLayout::kV2; }

  // The kernel's own: no fork escapes it, and it reaches what is frozen.
  Result<> kill(const std::string& name) override {
    TRY(const std::string path, checked(name));
    CHECK_OK(write_cgroup_file(main_path(path) + "/cgroup.kill", "1"));
    Result<std::string> events;
    const bool empty = wait_until(kKillWait, [&] {
      events = read_cgroup_file(main_path(path) + "/cgroup.events");
      return !events || keyed_value(*events, "populated") == 0;
    });
    CHECK_OK(events);
    if (!empty) return Error(Code::kUnavailable, "processes in " + path + " outlive cgroup.kill");
    return thaw(name);
  }

 private:
  std::string main_controller() const override { return ""; }
  std::string main_path(const std::string& path) const override { return hierarchies().v2 + path; }

  // Controllers are handed down level by level; those that this hierarchy has.
  Result<> hand_down(const std::string& parent) {
    TRY(const std::string controllers, read_cgroup_file(parent + "/cgroup.controllers"));
    for (const std::string name : {"cpu", "memory", "pids"}) {
      if (!has_word(controllers, name)) continue;
      CHECK_OK(write_cgroup_file(parent + "/cgroup.subtree_control", "+" + name));
    }
    return {};
  }

  Result<> make(const std::string& path) override {
    const std::string whole = main_path(path);
    CHECK_OK(hand_down(whole.substr(0, whole.rfind('/'))));
    return make_cgroup(whole);
  }

  // A controller that this machine has not is an error only where it is to limit something.
  Result<> set(const std::string& path, const char* name, bool limited, const std::string& value) {
    Result<> written = write_cgroup_file(main_path(path) + "/" + name, value);
    if (written || written.error().errno_value() != ENOENT) return written;
    if (!limited) return {};
    return Error(Code::kUnimplemented,
                 "this machine has no cgroup controller for " + std::string(name));
  }

  Result<> limit(const std::string& path, const CgroupLimits& limits) override {
    const auto& [memory, shares, quota, pids] = limits;
    CHECK_OK(set(path, "memory.max", memory.has_value(), or_max(memory)));
    CHECK_OK(set(path, "cpu.weight", shares.has_value(), weight_of(shares)));
    CHECK_OK(set(path, "cpu.max", quota.has_value(), or_max(quota) + " 100000"));
    return set(path, "pids.max", pids.has_value(), or_max(pids));
  }

  Result<> write_frozen(const std::string& path, bool frozen) override {
    return write_cgroup_file(main_path(path) + "/cgroup.freeze", frozen ? "1" : "0");
  }

  Result<FreezerState> read_state(const std::string& path) override {
    TRY(const std::string events, read_cgroup_file(main_path(path) + "/cgroup.events"));
    if (keyed_value(events, "frozen") == 1) return FreezerState::kFrozen;
    TRY(const std::string asked, read_cgroup_file(main_path(path) + "/cgroup.freeze"));
    return asked.starts_with('1') ? FreezerState::kFreezing : FreezerState::kThawed;
  }

  Result<CpuCounter> open_cpu(const std::string& path) override {
    TRY(auto opened, OpenCgroupFile::open(main_path(path) + "/cpu.stat"));
    const auto kept = std::make_shared<const OpenCgroupFile>(std::move(opened));
    return CpuCounter([kept]() -> Result<uint64_t> {
      TRY(const std::string text, kept->read());
      return keyed_value(text, "usage_usec") * 1000;
    });
  }

  Result<CgroupUsage> read_usage(const std::string& path) override {
    CgroupUsage usage;
    const std::string whole = main_path(path);
    TRY(const CpuCounter cpu, open_cpu(path));
    TRY(usage.cpu_nanoseconds, cpu());
    const auto used = read_cgroup_number(whole + "/memory.current");
    if (!used && used.error().errno_value() == ENOENT) return usage;
    if (!used) return used.error();
    TRY(const std::string stat, read_cgroup_file(whole + "/memory.stat"));
    usage.memory_working_set = *used - std::min(*used, keyed_value(stat, "inactive_file"));
    usage.memory_total = *used;
    // Not there where the machine's swap is not counted.
    usage.memory_swapped = read_cgroup_number(whole + "/memory.swap.current").value_or(0);
    return usage;
  }

  // What the runtime allows each container is 0 where nothing was asked for (design: suspend.md,
  // trap 10). So those below are opened, and stay open: this one's own, opened last and closed
  // alone, holds for all of them. What is in swap stays there when it is closed, until it is
  // touched.
  Result<> open_swap(const std::string& path) override {
    Result<> opened = write_below(main_path(path), "memory.swap.max", "max");
    if (!opened && opened.error().errno_value() == ENOENT) return {};
    return opened;
  }
  Result<> close_swap(const std::string& path) override {
    return set(path, "memory.swap.max", false, "0");
  }

  Result<> push(const std::string& path, ReclaimStop& stop) override {
    Result<> written = push(path, stop, std::string(kReclaimBytes) + kSwappy);
    const bool refused = !written && written.error().errno_value() == EINVAL;
    // Before Linux 6.8.
    if (refused) written = push(path, stop, kReclaimBytes);
    if (written) return {};
    const int reason = written.error().errno_value();
    // Less than asked for.
    if (reason == EAGAIN || reason == EINTR) return {};
    return written;
  }
  Result<> push(const std::string& path, ReclaimStop& stop, const std::string& what) {
    return stop.interruptibly(
        kReclaimStep, [&] { return write_cgroup_file(main_path(path) + "/memory.reclaim", what); });
  }

  ReclaimSupport read_support(const std::string& path) const override {
    const auto has = [&](const char* name) {
      return access((main_path(path) + "/" + name).c_str(), F_OK) == 0;
    };
    if (!has("memory.current")) return ReclaimSupport::kNoMemoryController;
    return has("memory.reclaim") ? ReclaimSupport::kSupported : ReclaimSupport::kNoMemoryReclaim;
  }

  Result<PoolMemory> read_pool(const std::string& path) override {
    PoolMemory pool;
    TRY(const CgroupUsage usage, read_usage(path));
    pool.used = usage.memory_working_set;
    // "max", and where there is no such file: not limited.
    const auto limit = read_cgroup_number(main_path(path) + "/memory.max");
    if (limit) pool.limit = *limit;
    return pool;
  }
};

}  // namespace

std::unique_ptr<Cgroups> make_cgroups_v2(std::string root, Hierarchies hierarchies,
                                         std::string proc) {
  return std::make_unique<CgroupsV2>(std::move(root), std::move(hierarchies), std::move(proc));
}

}  // namespace sandboxlet::agent
