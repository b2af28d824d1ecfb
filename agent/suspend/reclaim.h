#pragma once

#include <cstdint>

#include "agent/suspend/reclaim_stop.h"

namespace sandboxlet::agent {

// So much swap is left to others, in bytes.
inline constexpr uint64_t kSwapReserve = 16 << 20;

// What memory is taken from, by steps that the kernel makes.
class ReclaimTarget {
 public:
  virtual ~ReclaimTarget() = default;
  // Bytes, those in swap not counted.
  virtual Result<uint64_t> in_memory() = 0;
  // Bytes, of the machine.
  virtual Result<uint64_t> swap_free() = 0;
  virtual Result<> open_swap() = 0;
  // One step; blocks for up to some 100 ms, unless there is a stop. That it brought little or
  // nothing, or was ended by a signal, is no error.
  virtual Result<> push(ReclaimStop& stop) = 0;
};

// See Cgroups::reclaim. Goes on until little is left in memory, several steps have brought nothing,
// or swap is used up to the reserve.
Result<uint64_t> reclaim(ReclaimTarget& target, ReclaimStop& stop);

}  // namespace sandboxlet::agent
