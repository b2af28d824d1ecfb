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
// What a limit of memory reads as where there is none is the largest number of whole pages.
constexpr uint64_t kUnlimited = uint64_t{1} << 62;
// Each round waits twice as long as the one before: 6 s in all, for the last bytes of big ones.
constexpr int kKillRounds = 9;
constexpr Duration kFirstKillWait = milliseconds(12);
// A reclaim looks at free swap so often.
constexpr Duration kReclaimStep = milliseconds(100);
// memory.swappiness of what may go to swap, as readily as file cache goes; with 0 nothing does but
// by the whole machine's own need. What a cgroup's reclaim goes by is that of each cgroup below,
// which was its parent's when it was made.
constexpr char kSwappy[] = "100";

class CgroupsV1 final : public CgroupTree {
 public:
  CgroupsV1(std::string root, Hierarchies hierarchies, std::string proc)
      : CgroupTree(std::move(root), std::move(hierarchies), std::move(proc)) {}

  CgroupLayout layout() const override {
    return hierarchies().v2.empty() ? CgroupLayout::kV1 : CgroupLayout::kHybrid;
  }

  // SIGKILL does not reach a frozen task here, and what forks between two looks is missed by one
  // (design: suspend.md, trap 3): freeze, signal all, thaw, until none is left. Nothing is thawed
  // before its signal, frozen or not: a hundred that fork and want to run would have forked on by
  // then, and each turn of this thread among them takes tenths of a second.
  Result<> kill(const std::string& name) override {
    TRY(const std::string path, checked(name));
    Duration wait = kFirstKillWait;
    for (int round = 0; round < kKillRounds; ++round, wait *= 2) {
      const Result<> signalled = signal_freezing(name, path, wait);
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

  // The first look finds those that would otherwise keep it from freezing, the second one those
  // that were born meanwhile: all of them where it has frozen in time.
  Result<> signal_freezing(const std::string& name, const std::string& path, Duration limit) {
    CHECK_OK(write_frozen(path, true));
    CHECK_OK(signal_all(name, path));
    CHECK_OK(becomes(path, FreezerState::kFrozen, limit));
    return signal_all(name, path);
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

  Result<CpuCounter> open_cpu(const std::string& path) override {
    if (!has("cpuacct"))
      return Error(Code::kUnimplemented, "this machine has no cgroup controller cpuacct");
    const std::string usage = file("cpuacct", path) + "/cpuacct.usage";
    TRY(auto opened, OpenCgroupFile::open(usage));
    const auto kept = std::make_shared<const OpenCgroupFile>(std::move(opened));
    return CpuCounter([kept, usage]() -> Result<uint64_t> {
      TRY(const std::string text, kept->read());
      return cgroup_number(text, usage);
    });
  }

  Result<CgroupUsage> read_usage(const std::string& path) override {
    CgroupUsage usage;
    if (has("cpuacct")) {
      TRY(const CpuCounter cpu, open_cpu(path));
      TRY(usage.cpu_nanoseconds, cpu());
    }
    if (has("memory")) {
      const std::string memory = file("memory", path);
      TRY(const uint64_t used, read_cgroup_number(memory + "/memory.usage_in_bytes"));
      TRY(const std::string stat, read_cgroup_file(memory + "/memory.stat"));
      usage.memory_working_set = used - std::min(used, keyed_value(stat, "total_inactive_file"));
      usage.memory_total = used;
      usage.memory_swapped = keyed_value(stat, "total_swap");
    }
    return usage;
  }

  // This one first, as it tells whether any is open. A runtime's limit of memory and swap together
  // stands in nobody's way: what goes from one to the other counts once.
  Result<> open_swap(const std::string& path) override {
    const std::string memory = file("memory", path);
    CHECK_OK(write_cgroup_file(memory + "/memory.swappiness", kSwappy));
    return write_below(memory, "memory.swappiness", kSwappy);
  }

  Result<> close_swap(const std::string& path) override {
    if (!has("memory")) return {};
    const std::string memory = file("memory", path);
    const auto swappiness = read_cgroup_number(memory + "/memory.swappiness");
    // One of another life that came to an end before it was made in all hierarchies.
    if (!swappiness && swappiness.error().code() == Code::kNotFound) return {};
    if (!swappiness) return swappiness.error();
    return *swappiness == 0 ? Result<>() : write_below(memory, "memory.swappiness", "0");
  }

  // All of it in one write, which the kernel lets signals end; those below are emptied too.
  Result<> push(const std::string& path, ReclaimStop& stop) override {
    Result<> written = stop.interruptibly(kReclaimStep, [&] {
      return write_cgroup_file(file("memory", path) + "/memory.force_empty", "0");
    });
    if (!written && written.error().errno_value() == EINTR) return {};
    return written;
  }

  ReclaimSupport read_support(const std::string&) const override {
    return has("memory") ? ReclaimSupport::kSupported : ReclaimSupport::kNoMemoryController;
  }

  Result<PoolMemory> read_pool(const std::string& path) override {
    PoolMemory pool;
    if (!has("memory")) return pool;
    TRY(const CgroupUsage usage, read_usage(path));
    pool.used = usage.memory_working_set;
    TRY(const uint64_t limit, read_cgroup_number(file("memory", path) + "/memory.limit_in_bytes"));
    if (limit < kUnlimited) pool.limit = limit;
    return pool;
  }
};

}  // namespace

std::unique_ptr<Cgroups> make_cgroups_v1(std::string root, Hierarchies hierarchies,
                                         std::string proc) {
  return std::make_unique<CgroupsV1>(std::move(root), std::move(hierarchies), std::move(proc));
}

}  // namespace sandboxlet::agent
