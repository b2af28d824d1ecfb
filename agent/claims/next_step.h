#pragma once

#include <string>

#include "agent/claims/claim.h"
#include "agent/claims/persistent_volume.h"

namespace sandboxlet::agent {

// What is to be done next about one of this node's volumes.
enum class VolumeStep {
  kNone,
  // It is to be made, with its PersistentVolume.
  kProvision,
  // Its claim asks for more than it has, or was not told of all that it has.
  kExpand,
  // It is to go with its data and its PersistentVolume.
  kReclaim,
  // Its PersistentVolume is to go, and its data stay.
  kLetGo,
  // It is on disk, and whether anybody wants it has to be asked for.
  kLookAround,
};

// volume and claim are what the API server has shown, null where it has not; of claims and volumes
// with this node's label alone. Pure.
VolumeStep next_step(const KnownVolume* volume, const KnownClaim* claim, bool is_on_disk,
                     const std::string& node);

// No claim has it any more, and it does not outlive that.
bool is_to_be_reclaimed(const KnownVolume& volume);

// The claim waits for this node to make its volume.
bool is_to_be_provisioned(const KnownClaim& claim, const std::string& node);

}  // namespace sandboxlet::agent
