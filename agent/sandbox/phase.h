#pragma once

#include "agent/sandbox/observed.h"
#include "api/sandbox.h"

namespace sandboxlet::agent {

// A pod's phase as the kubelet has it (kubelet_pods.go: getPhase), made from what CRI says; kNone
// where upstream would have no Pod.
enum class Phase { kNone, kPending, kRunning, kSucceeded, kFailed };
std::string to_string(Phase phase);

Phase phase_of(const api::PodSpec& spec, const Observed& observed);

// True where the restart policy wants an ended container to run again.
bool restarts(const api::PodSpec& spec, const ObservedContainer& ended);

// True where every container has ended and none is to run again.
inline bool is_finished(Phase phase) {
  return phase == Phase::kSucceeded || phase == Phase::kFailed;
}

}  // namespace sandboxlet::agent
