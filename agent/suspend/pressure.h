#pragma once

#include <cstdint>

#include "agent/suspend/cgroups.h"
#include "agent/suspend/memory_facts.h"

namespace sandboxlet::agent {

// Whether the node, or the pool of its Sandboxes, is short of memory.
enum class Pressure { kNone, kShort };

struct PressureLimits {
  // Bytes; short below.
  uint64_t available_low = 0;
  // Short above.
  double stall_high = 100;
};

// Short where available memory, the stalls or what is left of the pool's limit (a sixteenth)
// crosses its mark. Over only when all are well on the other side: available memory by a quarter
// more, half the stalls, twice what is left of the pool; so that what was given back is not at once
// asked for again. Pure.
Pressure next_pressure(Pressure before, const MemoryFacts& memory, const PoolMemory& pool,
                       const PressureLimits& limits);

}  // namespace sandboxlet::agent
