#pragma once

#include "agent/sandbox/plan.h"
#include "api/sandbox.h"

namespace sandboxlet::agent {

// The conditions of a Sandbox's passages, beside upstream's: Scheduled since it is bound to this
// node, Stopping until its processes have gone, Resuming until it is Ready. One that has ended is
// False from then on, and its message says since when it was so: both ends have a time. One that
// never was so is absent. They change only together with others, so they cost no write of their
// own. Times to the microsecond: a thaw takes one millisecond.
//
// status: as it is told now, Ready in place; previous: as it was told last. Pure.
void set_passing_conditions(const Situation& situation, const api::SandboxStatus& previous,
                            api::SandboxStatus& status);

}  // namespace sandboxlet::agent
