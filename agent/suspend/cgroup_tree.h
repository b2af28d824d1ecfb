#pragma once

#include "agent/suspend/hierarchies.h"
#include "base/clock.h"

namespace sandboxlet::agent {

// What v1 and v2 have in common: the same name in several mounts, one hierarchy whose freezer and
// processes count, and how a freeze is waited for. Nothing is remembered; all is read back.
class CgroupTree : public Cgroups {
 public:
  std::string parent_of(const std::string& name) const override { return root_ + "/" + name; }
  Result<UniqueFd> lock() final;
  Result<> create(const std::string& name, const CgroupLimits& limits) final;
  Result<> freeze(const std::string& name) final;
  Result<> thaw(const std::string& name) final;
  Result<FreezerState> state(const std::string& name) final;
  Result<uint64_t> reclaim(const std::string& name, ReclaimStop& stop) final;
  ReclaimSupport reclaim_support() final { return read_support(root_); }
  Result<> remove(const std::string& name) final;
  Result<std::vector<std::string>> list() final;
  Result<std::vector<pid_t>> processes(const std::string& name) final;
  Result<CgroupUsage> usage(const std::string& name) final;
  Result<CpuCounter> count_cpu(const std::string& name) final;
  Result<PoolMemory> pool_memory() final { return read_pool(root_); }
  Result<bool> contains(const std::string& name, pid_t pid) final;

  // The pool itself, with its limits.
  Result<> open(const CgroupLimits& limits);

 protected:
  CgroupTree(std::string root, Hierarchies hierarchies, std::string proc = "/proc")
      : root_(std::move(root)), hierarchies_(std::move(hierarchies)), proc_(std::move(proc)) {}

  // path is the cgroup below a mount: "/sandboxlet/<name>".
  virtual Result<> make(const std::string& path) = 0;
  // Sets what is limited, and lifts what is not.
  virtual Result<> limit(const std::string& path, const CgroupLimits& limits) = 0;
  virtual Result<> write_frozen(const std::string& path, bool frozen) = 0;
  virtual Result<FreezerState> read_state(const std::string& path) = 0;
  // All but the number of processes; 0 for what this machine has no controller for.
  virtual Result<CgroupUsage> read_usage(const std::string& path) = 0;
  virtual Result<CpuCounter> open_cpu(const std::string& path) = 0;
  // For path and what is below it. Swap is opened and closed in such an order that after a death in
  // between the next close finds all that is open.
  virtual Result<> open_swap(const std::string& path) = 0;
  virtual Result<> close_swap(const std::string& path) = 0;
  // See ReclaimTarget.
  virtual Result<> push(const std::string& path, ReclaimStop& stop) = 0;
  virtual ReclaimSupport read_support(const std::string& path) const = 0;
  virtual Result<PoolMemory> read_pool(const std::string& path) = 0;
  // A controller of the hierarchy whose freezer and processes count; v2's has no name.
  virtual std::string main_controller() const = 0;
  // Absolute, in that hierarchy.
  virtual std::string main_path(const std::string& path) const = 0;

  Result<std::string> checked(const std::string& name) const;
  // Answers false when the state was not reached in time.
  Result<bool> becomes(const std::string& path, FreezerState wanted, Duration limit);
  const Hierarchies& hierarchies() const { return hierarchies_; }

 private:
  class Reclaimed;

  Result<bool> try_to_freeze(const std::string& path, Duration limit);

  const std::string root_;
  const Hierarchies hierarchies_;
  const std::string proc_;
};

}  // namespace sandboxlet::agent
