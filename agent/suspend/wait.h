#pragma once

#include <functional>

#include "base/clock.h"

namespace sandboxlet::agent {

// Blocks until done() answers true; says whether it did within the limit. For what the kernel does
// in microseconds and tells nobody: looks again and again at first, for the shortest sleep is
// longer than that, then ever less often, at the least each millisecond.
bool wait_until(Duration limit, const std::function<bool()>& done);

}  // namespace sandboxlet::agent
