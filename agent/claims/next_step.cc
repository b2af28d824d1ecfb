#include "agent/claims/next_step.h"

#include <algorithm>

#include "agent/claims/resize.h"
#include "api/storage.h"

namespace sandboxlet::agent {

namespace {

// Nothing but its object is left, and that is gone soon.
bool has_gone(const KnownVolume& volume) {
  const auto& finalizers = volume.finalizers;
  return volume.is_deleting &&
         std::find(finalizers.begin(), finalizers.end(), api::kVolumeFinalizer) == finalizers.end();
}

bool is_to_be_let_go(const KnownVolume& volume) {
  return volume.is_deleting && volume.phase != "Bound" && volume.reclaim_policy != "Delete" &&
         !has_gone(volume);
}

bool is_to_be_expanded(const KnownVolume& volume, const KnownClaim& claim) {
  if (claim.phase != "Bound" || claim.volume != volume.name || volume.is_deleting) return false;
  return claim.requested > volume.capacity || claim.capacity < volume.capacity ||
         waits_for_resize(claim);
}

}  // namespace

bool is_to_be_reclaimed(const KnownVolume& volume) {
  const bool is_free = volume.phase == "Released" || volume.phase == "Failed";
  return volume.reclaim_policy == "Delete" && !has_gone(volume) &&
         (is_free || (volume.is_deleting && volume.phase != "Bound"));
}

bool is_to_be_provisioned(const KnownClaim& claim, const std::string& node) {
  const bool is_ours = claim.provisioner.empty() || claim.provisioner == api::kLocalProvisioner;
  return is_ours && claim.selected_node == node && claim.volume.empty() && !claim.is_deleting &&
         !claim.storage_class.empty();
}

VolumeStep next_step(const KnownVolume* volume, const KnownClaim* claim, bool is_on_disk,
                     const std::string& node) {
  if (volume != nullptr) {
    if (!is_node_volume(*volume)) return VolumeStep::kNone;
    if (is_to_be_reclaimed(*volume)) return VolumeStep::kReclaim;
    if (is_to_be_let_go(*volume)) return VolumeStep::kLetGo;
    if (claim != nullptr && is_to_be_expanded(*volume, *claim)) return VolumeStep::kExpand;
    return VolumeStep::kNone;
  }
  if (claim != nullptr && is_to_be_provisioned(*claim, node)) return VolumeStep::kProvision;
  return is_on_disk ? VolumeStep::kLookAround : VolumeStep::kNone;
}

}  // namespace sandboxlet::agent
