#pragma once

#include "scheduler-shim/network/next_write.h"

namespace sandboxlet::network {

// What status is to say of how a Sandbox is reached: service, serviceFQDN, networking; each is
// there where there is something to say. Pure.
Json told_of(const Situation& now);

// The merge patch of status that says so, over the version that was seen, and touches nothing else;
// null where it is said.
Json status_patch(const Situation& now);

}  // namespace sandboxlet::network
