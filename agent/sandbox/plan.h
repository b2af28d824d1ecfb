#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/sandbox/goal.h"
#include "agent/sandbox/memory.h"

namespace sandboxlet::agent {

// What a decision is made from.
struct Situation {
  const api::Sandbox& desired;
  const Observed& observed;
  const Memory& memory;
  // What this node can do, and how long it waits after failures.
  const Depths& depths;
  const BackoffLimits& limits;
  TimePoint now;
  WallTime wall;
  // Given where it may be bound to another node: it must not run here, and is killed then where it
  // could not be frozen.
  std::optional<TimePoint> fence = std::nullopt;
};

struct Plan {
  // All that may start now, in any order and side by side.
  std::vector<Action> actions;
  // When time alone will allow more.
  std::optional<TimePoint> look_again;
  // Subjects that failed before and that nothing is to be done about any more: their failures are
  // history.
  std::vector<std::string> settled;
};

// The heart: pure, and a second plan on a converged Sandbox does nothing (kubelet:
// computePodActions).
Plan plan(const Situation& situation);

// Nothing where the container may be run now; else when its crash-loop back-off ends.
std::optional<TimePoint> held_back_until(const Situation& situation,
                                         const ObservedContainer& ended);

}  // namespace sandboxlet::agent
