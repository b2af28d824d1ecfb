#pragma once

#include <optional>

#include "agent/sandbox/memory.h"
#include "agent/suspend/ladder.h"

namespace sandboxlet::agent {

// What a decision is made from.
struct Situation {
  const api::Sandbox& desired;
  const Observed& observed;
  const Memory& memory;
  // What this node can do, when it does so by itself, and how long it waits after failures.
  const Depths& depths;
  const DeepenAfter& deepen_after;
  const BackoffLimits& limits;
  TimePoint now;
  WallTime wall;
  // Given where it may be bound to another node: it must not run here, and is killed then where it
  // could not be frozen.
  std::optional<TimePoint> fence = std::nullopt;
};

}  // namespace sandboxlet::agent
