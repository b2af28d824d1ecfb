#pragma once

#include <optional>

#include "agent/sandbox/memory.h"
#include "api/sandbox.h"
#include "base/clock.h"

namespace sandboxlet::agent {

// What has stood in the way of what is wanted of a Sandbox since then: an action that failed and
// will not succeed by itself, or keeps failing; a container that does not stay up; a depth that the
// node cannot do; memory that the node does not have. The agent goes on trying; this is for who
// waits for an answer. Pure.
std::optional<Error> obstacle(const api::Sandbox& sandbox, const Memory& memory, TimePoint since,
                              TimePoint now);

}  // namespace sandboxlet::agent
