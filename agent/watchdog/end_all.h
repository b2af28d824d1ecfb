#pragma once

#include "agent/suspend/cgroups.h"
#include "base/clock.h"

namespace sandboxlet::agent {

// Ends all Sandboxes of a machine that goes down, once no agent starts them again: what is frozen
// at once, as it hears no signal, and what runs by SIGTERM to the first process of each container,
// and to all by SIGKILL after the grace. Blocks until then. What fails with one does not spare the
// others, and is the error.
Result<> end_all(Cgroups& cgroups, Duration grace);

}  // namespace sandboxlet::agent
