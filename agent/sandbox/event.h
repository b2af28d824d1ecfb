#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/sandbox/plan.h"
#include "api/sandbox.h"
#include "base/result.h"

namespace sandboxlet::agent {

// What an Event tells, in the kubelet's reasons and words (events/event.go).
struct EventText {
  bool warning = false;
  std::string reason;
  std::string message;
  bool operator==(const EventText&) const = default;
};

// What is to be told when an action begins, and when it has ended. Pure.
std::optional<EventText> event_at_begin(const Action& action);
std::optional<EventText> event_at_end(const api::Sandbox& sandbox, const Action& action,
                                      const Result<Outcome>& result);

// What ended by itself since before, and which of that has to wait for its restart.
std::vector<EventText> events_of_exits(const Observed& before, const Situation& now);

// Of its rest (design: suspend.md).
EventText event_of_idleness();
EventText event_of_pressure(api::Depth depth);
EventText event_of_waiting();

}  // namespace sandboxlet::agent
