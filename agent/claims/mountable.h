#pragma once

#include <string>

#include "agent/claims/claim.h"
#include "agent/claims/persistent_volume.h"
#include "base/result.h"

namespace sandboxlet::agent {

// What is looked at before a claim is staged (kubelet: desired_state_of_world_populator.go). Pure.

// kUnavailable where it may be bound yet, and else an error says what stands in the way.
Result<> check_claim(const KnownClaim& claim);

// What to stage for a claim that passes that, and the volume that it is bound to.
Result<PersistentVolume> to_stage(const KnownClaim& claim, const KnownVolume& volume,
                                  const std::string& node);

// `persistentvolumeclaim "data-box" not found`, and the same of a volume; kUnavailable, as it may
// come.
Error claim_not_found(const std::string& name);
Error volume_not_found(const std::string& name);

}  // namespace sandboxlet::agent
