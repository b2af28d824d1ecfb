#include "agent/claims/mountable.h"

namespace sandboxlet::agent {

namespace {

std::string claim_named(const std::string& name) {
  return "persistentvolumeclaim \"" + name + "\"";
}
std::string volume_named(const std::string& name) { return "persistentvolume \"" + name + "\""; }

}  // namespace

Error claim_not_found(const std::string& name) {
  return Error(Code::kUnavailable, claim_named(name) + " not found");
}

Error volume_not_found(const std::string& name) {
  return Error(Code::kUnavailable, volume_named(name) + " not found");
}

Result<> check_claim(const KnownClaim& claim) {
  const std::string subject = claim_named(claim.ref.name);
  // One that a Sandbox uses stays until that has gone, however often it is resumed.
  if (claim.is_deleting && !claim.is_in_use) {
    return Error(Code::kFailedPrecondition, subject + " is being deleted");
  }
  if (claim.phase == "Lost") {
    return Error(Code::kFailedPrecondition,
                 subject + " bound to non-existent " + volume_named(claim.volume));
  }
  if (claim.volume_mode == "Block") {
    return Error(Code::kUnimplemented, subject + " has volumeMode Block, which is not supported");
  }
  if (claim.phase != "Bound" || claim.volume.empty()) {
    return Error(Code::kUnavailable, subject + " is not bound");
  }
  return {};
}

Result<PersistentVolume> to_stage(const KnownClaim& claim, const KnownVolume& volume,
                                  const std::string& node) {
  const std::string subject = volume_named(volume.name);
  if (volume.claim.uid != claim.ref.uid) {
    return Error(Code::kFailedPrecondition,
                 subject + " is not bound to " + claim_named(claim.ref.name));
  }
  if (!is_of_node(volume, node)) {
    return Error(Code::kFailedPrecondition, subject + " is not of this node by its nodeAffinity");
  }
  const bool takes_options = std::holds_alternative<Nfs>(volume.source.source);
  if (!volume.mount_options.empty() && !takes_options) {
    return Error(Code::kUnimplemented,
                 subject + " has spec.mountOptions, which are not supported of its kind");
  }
  return volume.source;
}

}  // namespace sandboxlet::agent
