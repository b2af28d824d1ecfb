#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/suspend/reclaim_stop.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {

// Limits of one cgroup; an unset one is not limited there.
struct CgroupLimits {
  std::optional<int64_t> memory_bytes;
  std::optional<int64_t> cpu_shares;
  // Microseconds of each period of 100 ms.
  std::optional<int64_t> cpu_quota;
  std::optional<int64_t> pids;
  bool operator==(const CgroupLimits&) const = default;
};

struct CgroupUsage {
  uint64_t cpu_nanoseconds = 0;
  // Bytes, without the inactive file cache (kubelet: cadvisor's working set).
  uint64_t memory_working_set = 0;
  // Bytes in memory, all of them.
  uint64_t memory_total = 0;
  // Bytes in swap, as large as they were in memory.
  uint64_t memory_swapped = 0;
  uint64_t processes = 0;
};

// Nanoseconds of processors that a cgroup's processes have used so far.
using CpuCounter = std::function<Result<uint64_t>()>;

// What all Sandboxes have in memory together, and may have.
struct PoolMemory {
  // Bytes, without the inactive file cache.
  uint64_t used = 0;
  // Nothing: not limited.
  std::optional<uint64_t> limit;
};

// Whether a frozen cgroup's memory can be taken from it here, apart from the swap that it takes.
enum class ReclaimSupport {
  kSupported,
  kNoMemoryController,
  // v2 without memory.reclaim: a kernel before 5.19.
  kNoMemoryReclaim,
};

enum class FreezerState { kThawed, kFreezing, kFrozen };

// Where the controllers are: all on v1, all on v2, or v1's with a v2 hierarchy beside them.
enum class CgroupLayout { kV1, kV2, kHybrid };
std::string_view to_string(CgroupLayout layout);

// The Sandboxes' cgroups, one below the pool's root for each, by name: the Sandbox's uid
// ([a-z0-9-]+; others are refused). The agent owns them, never the runtime: a freeze by the
// runtime's own pause does not survive its restart (design: suspend.md, trap 4).
//
// While a Sandbox runs nothing of it goes to swap, so that its memory limit holds as on a node of
// the kubelet's; a reclaim opens swap for it, and the next thaw or create closes it.
//
// Functions block for up to some milliseconds (reclaim: for seconds), are called from any thread,
// and one cgroup is worked on by one caller at a time; but a reclaim may still be on its way out
// when the thaw that it was stopped for begins.
class Cgroups {
 public:
  virtual ~Cgroups() = default;

  virtual CgroupLayout layout() const = 0;
  // Held while it lives; kFailedPrecondition where somebody else holds it. One agent a pool: each
  // takes what it does not know for orphans.
  virtual Result<UniqueFd> lock() = 0;
  // What CRI's cgroup_parent gets: "/sandboxlet/<name>".
  virtual std::string parent_of(const std::string& name) const = 0;

  // Idempotent; in every hierarchy that the layout uses.
  virtual Result<> create(const std::string& name, const CgroupLimits& limits) = 0;
  // Answers when FROZEN was read back. On failure everything is thawed: never half frozen.
  virtual Result<> freeze(const std::string& name) = 0;
  // Answers when it was read back.
  virtual Result<> thaw(const std::string& name) = 0;
  // kNotFound where there is no such cgroup.
  virtual Result<FreezerState> state(const std::string& name) = 0;
  // SIGKILL to every process at any depth below, frozen or not; thawed and empty afterwards.
  virtual Result<> kill(const std::string& name) = 0;
  // Pushes the cgroup's memory out to swap, and drops its file cache, as far as the kernel and free
  // swap let it: with hardly any swap free, the file cache alone. Answers how many bytes less are
  // in memory. Only for what is frozen (kFailedPrecondition); kCancelled where it was stopped,
  // which is to come before a thaw; kResourceExhausted where no swap was free and nothing was given
  // back. Can be called again.
  virtual Result<uint64_t> reclaim(const std::string& name, ReclaimStop& stop) = 0;
  virtual ReclaimSupport reclaim_support() = 0;
  // Idempotent; with all cgroups below it.
  virtual Result<> remove(const std::string& name) = 0;

  // Names that exist in any hierarchy.
  virtual Result<std::vector<std::string>> list() = 0;
  virtual Result<std::vector<pid_t>> processes(const std::string& name) = 0;
  virtual Result<CgroupUsage> usage(const std::string& name) = 0;
  // Of usage() that alone, for what asks often: it keeps a file open. kUnimplemented where this
  // machine does not count it; where the counter answers an error its cgroup is gone: count anew.
  virtual Result<CpuCounter> count_cpu(const std::string& name) = 0;
  virtual Result<PoolMemory> pool_memory() = 0;
  // True where the process is in this cgroup or below it.
  virtual Result<bool> contains(const std::string& name, pid_t pid) = 0;
};

// The machine's own, whatever its layout, below root ("/sandboxlet") with the pool's limits on
// root.
Result<std::unique_ptr<Cgroups>> open_cgroups(const std::string& root, const CgroupLimits& pool,
                                              const std::string& mount_root = "/sys/fs/cgroup");

}  // namespace sandboxlet::agent
