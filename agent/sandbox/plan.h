#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/sandbox/situation.h"

namespace sandboxlet::agent {

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
