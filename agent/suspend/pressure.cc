#include "agent/suspend/pressure.h"

#include <algorithm>

namespace sandboxlet::agent {

namespace {

constexpr uint64_t kPoolPart = 16;

// True where less than so many sixteenths of the pool's limit are left.
bool pool_short(const PoolMemory& pool, uint64_t parts) {
  if (!pool.limit) return false;
  const uint64_t left = *pool.limit - std::min(pool.used, *pool.limit);
  return left < *pool.limit / kPoolPart * parts;
}

}  // namespace

Pressure next_pressure(Pressure before, const MemoryFacts& memory, const PoolMemory& pool,
                       const PressureLimits& limits) {
  const bool was_short = before == Pressure::kShort;
  const uint64_t low = limits.available_low + (was_short ? limits.available_low / 4 : 0);
  const double high = limits.stall_high / (was_short ? 2 : 1);
  const bool is_short = memory.available < low || memory.stall_percent.value_or(0) > high ||
                        pool_short(pool, was_short ? 2 : 1);
  return is_short ? Pressure::kShort : Pressure::kNone;
}

}  // namespace sandboxlet::agent
