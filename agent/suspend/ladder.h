#pragma once

#include <set>

#include "api/sandbox.h"

namespace sandboxlet::agent {

// What this node can do; kRunning is not in it.
using Depths = std::set<api::Depth>;

// The depth to be at (design: suspend.md): the one that is wanted where the node can do it, else
// the next shallower one, so that nothing is lost which the user asked to keep; kRunning where
// there is none. Pure.
api::Depth depth_to_be_at(api::Depth wanted, const Depths& possible);

}  // namespace sandboxlet::agent
