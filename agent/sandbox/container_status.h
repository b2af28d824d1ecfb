#pragma once

#include "agent/sandbox/plan.h"
#include "api/sandbox.h"

namespace sandboxlet::agent {

// One container's state, reason and message in the kubelet's words (images/types.go,
// container/sync_result.go). Pure.
api::ContainerStatus container_status(const Situation& situation, const api::Container& container);

}  // namespace sandboxlet::agent
