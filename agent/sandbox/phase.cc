#include "agent/sandbox/phase.h"

namespace sandboxlet::agent {

std::string to_string(Phase phase) {
  switch (phase) {
    case Phase::kNone:
      return "";
    case Phase::kPending:
      return "Pending";
    case Phase::kRunning:
      return "Running";
    case Phase::kSucceeded:
      return "Succeeded";
    case Phase::kFailed:
      return "Failed";
  }
  return "";
}

bool restarts(const api::PodSpec& spec, const ObservedContainer& ended) {
  if (spec.restartPolicy == "Never") return false;
  if (spec.restartPolicy == "OnFailure") return ended.exit_code != 0;
  return true;
}

Phase phase_of(const api::PodSpec& spec, const Observed& observed) {
  if (observed.pods.empty()) return Phase::kNone;
  bool waiting = false;
  bool alive = false;
  bool failed = false;
  for (const auto& wanted : spec.containers) {
    const ObservedContainer* const container = observed.container(wanted.name);
    if (container == nullptr || container->state == ContainerState::kCreated) {
      waiting = true;
    } else if (container->state != ContainerState::kExited || restarts(spec, *container)) {
      alive = true;
    } else if (container->exit_code != 0) {
      failed = true;
    }
  }
  if (waiting) return Phase::kPending;
  if (alive) return Phase::kRunning;
  return failed ? Phase::kFailed : Phase::kSucceeded;
}

}  // namespace sandboxlet::agent
