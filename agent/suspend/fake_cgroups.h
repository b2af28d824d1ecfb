#pragma once

#include <functional>
#include <map>
#include <set>

#include "agent/suspend/cgroups.h"

namespace sandboxlet::agent {

// Cgroups in memory, for unit tests and simulation. Belongs to one thread.
class FakeCgroups final : public Cgroups {
 public:
  using Hook = std::function<void(const std::string& parent)>;

  explicit FakeCgroups(std::string root) : root_(std::move(root)) {}

  // Called when the state changes, with what parent_of answers: couples a cri::FakeRuntime.
  Hook on_freeze, on_thaw, on_kill;
  // Asked before each operation ("create", "freeze", ...): an error is its answer.
  std::function<Result<>(std::string_view operation, const std::string& name)> fault;
  // What processes() and contains() know: each process's cgroup by name.
  std::map<pid_t, std::string> members;
  // Bytes that each has in memory and in swap, by name. A reclaim moves all from one to the other,
  // and nothing moves it back but the test.
  std::map<std::string, uint64_t> in_memory, in_swap;
  std::optional<uint64_t> pool_limit;
  ReclaimSupport support = ReclaimSupport::kSupported;

  const std::map<std::string, CgroupLimits>& limits() const { return limits_; }
  bool frozen(const std::string& name) const { return frozen_.contains(name); }

  CgroupLayout layout() const override { return CgroupLayout::kV1; }
  Result<UniqueFd> lock() override { return UniqueFd(); }
  std::string parent_of(const std::string& name) const override { return root_ + "/" + name; }
  Result<> create(const std::string& name, const CgroupLimits& limits) override;
  Result<> freeze(const std::string& name) override;
  Result<> thaw(const std::string& name) override;
  Result<FreezerState> state(const std::string& name) override;
  Result<> kill(const std::string& name) override;
  Result<uint64_t> reclaim(const std::string& name, ReclaimStop& stop) override;
  ReclaimSupport reclaim_support() override { return support; }
  Result<> remove(const std::string& name) override;
  Result<std::vector<std::string>> list() override;
  Result<std::vector<pid_t>> processes(const std::string& name) override;
  Result<CgroupUsage> usage(const std::string& name) override;
  Result<CpuCounter> count_cpu(const std::string& name) override;
  Result<PoolMemory> pool_memory() override;
  Result<bool> contains(const std::string& name, pid_t pid) override;

 private:
  Result<> check(std::string_view operation, const std::string& name, bool must_exist = true) const;

  const std::string root_;
  std::map<std::string, CgroupLimits> limits_;
  std::set<std::string> frozen_;
};

}  // namespace sandboxlet::agent
