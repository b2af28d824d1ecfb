#pragma once

#include <map>
#include <optional>
#include <set>

#include "api/sandbox.h"
#include "base/clock.h"

namespace sandboxlet::agent {

// What this node can do; kRunning is not in it.
using Depths = std::set<api::Depth>;

// The depth to be at (design: suspend.md): the one that is wanted where the node can do it, else
// the next shallower one, so that nothing is lost which the user asked to keep; kRunning where
// there is none. Pure.
api::Depth depth_to_be_at(api::Depth wanted, const Depths& possible);

// How long after its suspension a Sandbox goes that deep by itself; without an entry, never.
using DeepenAfter = std::map<api::Depth, Duration>;

// How far one may go down by itself. Plain data.
struct Descent {
  // Where its suspension began, and where it may end.
  api::Depth wanted = api::Depth::kRunning;
  api::Depth deepest = api::Depth::kTerminate;
  // What the node's memory has made of it so far; kRunning: nothing.
  api::Depth pressed_to = api::Depth::kRunning;
};

// How deep that is by now: never shallower than wanted, nor deeper by itself than deepest. Pure.
api::Depth deepened(const Descent& descent, Duration suspended, const DeepenAfter& after);
// How long after its suspension time alone makes it deeper than that; nothing where it does not.
std::optional<Duration> deepens_next(const Descent& descent, Duration suspended,
                                     const DeepenAfter& after);
// The next depth that gives more back than that one does; nothing where there is none.
std::optional<api::Depth> next_deeper(api::Depth now, api::Depth deepest, const Depths& possible);

}  // namespace sandboxlet::agent
