#pragma once

#include <nlohmann/json.hpp>

#include "agent/claims/claim.h"
#include "base/clock.h"

namespace sandboxlet::agent {

// How a claim is told of its volume's growth, as external-resizer and the kubelet tell it. Pure.

// Its volume has set aside what it asks for, and its file system waits until it is mounted anew.
bool waits_for_resize(const KnownClaim& claim);

// The merge patch of its status: that it has so many bytes, or that it waits for them.
nlohmann::json resize_status(const KnownClaim& claim, int64_t size, bool is_grown, WallTime now);

}  // namespace sandboxlet::agent
