#include "agent/claims/claim.h"

#include "api/storage.h"
#include "kube/fields.h"

namespace sandboxlet::agent {

namespace {

using Json = nlohmann::json;

constexpr const char* kDemands[] = {"dataSource", "dataSourceRef", "selector",
                                    "volumeAttributesClassName"};

std::string controller_uid(const Json& object) {
  for (const Json& owner : kube::json_at(object, "/metadata/ownerReferences")) {
    if (kube::json_at(owner, "/controller") == true) return kube::text_at(owner, "/uid");
  }
  return "";
}

}  // namespace

KnownClaim read_claim(const Json& object) {
  KnownClaim claim;
  claim.ref = {kube::text_at(object, "/metadata/namespace"),
               kube::text_at(object, "/metadata/name"), kube::text_at(object, "/metadata/uid")};
  claim.version = kube::text_at(object, "/metadata/resourceVersion");
  claim.controller_uid = controller_uid(object);
  claim.is_deleting = !kube::text_at(object, "/metadata/deletionTimestamp").empty();
  claim.is_in_use = kube::has_finalizer(object, api::kClaimFinalizer);
  claim.phase = kube::text_at(object, "/status/phase");
  claim.volume = kube::text_at(object, "/spec/volumeName");
  claim.storage_class = kube::text_at(object, "/spec/storageClassName");
  claim.provisioner = kube::annotation(object, api::kProvisionerAnnotation);
  claim.selected_node = kube::annotation(object, api::kSelectedNodeAnnotation);
  claim.volume_mode = kube::text_at(object, "/spec/volumeMode");
  claim.access_modes = kube::texts_at(object, "/spec/accessModes");
  claim.request = kube::text_at(object, "/spec/resources/requests/storage");
  claim.requested = kube::bytes_of(claim.request);
  claim.capacity = kube::bytes_of(kube::text_at(object, "/status/capacity/storage"));
  const Json conditions = kube::json_at(object, "/status/conditions");
  if (conditions.is_array()) claim.conditions = conditions;
  for (const char* demand : kDemands) {
    const std::string field = std::string("/spec/") + demand;
    if (!kube::json_at(object, field).empty())
      claim.demands.push_back(std::string("spec.") + demand);
  }
  return claim;
}

std::string provisioned_name(const std::string& claim_uid) {
  return api::kProvisionedVolumePrefix + claim_uid;
}

std::string volume_of(const KnownClaim& claim) {
  return claim.volume.empty() ? provisioned_name(claim.ref.uid) : claim.volume;
}

}  // namespace sandboxlet::agent
