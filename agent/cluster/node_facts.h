#pragma once

#include <string>

#include "agent/cluster/node_object.h"
#include "agent/node/config.h"
#include "base/task.h"
#include "cri/runtime.h"

namespace sandboxlet::agent {

// The facts that stay while the agent runs.
NodeFacts fixed_facts(const Config& config, std::string name, std::string version);

// The same with what the runtime says now; what it does not answer is the node's trouble.
Task<NodeFacts> observe_node(NodeFacts fixed, cri::Runtime& runtime);

}  // namespace sandboxlet::agent
