#pragma once

#include <chrono>
#include <optional>

#include "api/sandbox.h"

namespace sandboxlet::api {

// What becomes of Sandboxes whose node does not answer. Pure.

// How long one stays bound to such a node, on top of the time that the node's lease lasts; nothing
// where it waits for its node, because it tolerates that for ever or its data is there. As of a Pod
// with a toleration of node.kubernetes.io/unreachable, for which 300 s stand where it has none
// (plugin/pkg/admission/defaulttolerationseconds).
std::optional<std::chrono::seconds> moved_after(const SandboxSpec& spec);

// True where what it has stored may be on its node alone, which any claim is taken for: it is never
// bound to another.
bool keeps_data_on_its_node(const SandboxSpec& spec);

}  // namespace sandboxlet::api
