#pragma once

#include "scheduler-shim/pod_info.h"

namespace sandboxlet::scheduler {

// What a Sandbox holds of its node at a depth (design: suspend.md):
//   Running, Freeze   all of its requests: a thaw asks nobody and takes less than a millisecond
//   Hibernate         all but memory, which the node has back
//   Stop              its place among the node's pods, disk (emptyDirs stay) and ports
//   Terminate         ports: nothing else stands in the way of the resume that may wait for room
// It stays bound at every depth, so affinity and spread go on counting it.
Resources held_resources(const PodTemplateInfo& spec, api::Depth depth);

// The depth that counts. wanted is what the spec asks for, actual what the status says (kRunning
// where it says nothing), by_user that the status' suspension was the user's word. While a
// suspension is under way the status still says Running; a resume by the user counts from its
// asking, one that the agent does by itself from its happening.
api::Depth depth_held(bool wants_suspension, api::Depth actual, bool by_user);

}  // namespace sandboxlet::scheduler
