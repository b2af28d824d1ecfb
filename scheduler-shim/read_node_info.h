#pragma once

#include "base/result.h"
#include "scheduler-shim/json_reader.h"
#include "scheduler-shim/node_info.h"

namespace sandboxlet::scheduler {

// Reads a SandboxNode (sandboxlet.io/v1alpha1) from its JSON: metadata.labels, spec.unschedulable,
// spec.taints, and of its status allocatable, runtimeHandlers[].name, depths, images and the
// condition Ready. Unknown fields are not looked at; a wrong one is an error that begins with its
// path.
Result<NodeInfo> read_node_info(const Json& node);

}  // namespace sandboxlet::scheduler
