#include "agent/claims/claim.h"

#include "agent/claims/fields.h"
#include "api/storage.h"

namespace sandboxlet::agent {

namespace {

using Json = nlohmann::json;

constexpr char kProvisioner[] = "volume.kubernetes.io/storage-provisioner";
constexpr const char* kDemands[] = {"dataSource", "dataSourceRef", "selector",
                                    "volumeAttributesClassName"};

}  // namespace

KnownClaim read_claim(const Json& object) {
  KnownClaim claim;
  claim.ref = {text_at(object, "/metadata/namespace"), text_at(object, "/metadata/name"),
               text_at(object, "/metadata/uid")};
  claim.version = text_at(object, "/metadata/resourceVersion");
  claim.is_deleting = !text_at(object, "/metadata/deletionTimestamp").empty();
  claim.is_in_use = has_finalizer(object, api::kClaimFinalizer);
  claim.phase = text_at(object, "/status/phase");
  claim.volume = text_at(object, "/spec/volumeName");
  claim.storage_class = text_at(object, "/spec/storageClassName");
  claim.provisioner = annotation(object, kProvisioner);
  claim.selected_node = annotation(object, api::kSelectedNodeAnnotation);
  claim.volume_mode = text_at(object, "/spec/volumeMode");
  claim.access_modes = texts_at(object, "/spec/accessModes");
  claim.request = text_at(object, "/spec/resources/requests/storage");
  claim.requested = bytes_of(claim.request);
  claim.capacity = bytes_of(text_at(object, "/status/capacity/storage"));
  const Json conditions = json_at(object, "/status/conditions");
  if (conditions.is_array()) claim.conditions = conditions;
  for (const char* demand : kDemands) {
    const std::string field = std::string("/spec/") + demand;
    if (!json_at(object, field).empty()) claim.demands.push_back(std::string("spec.") + demand);
  }
  return claim;
}

std::string provisioned_name(const std::string& claim_uid) { return "pvc-" + claim_uid; }

std::string volume_of(const KnownClaim& claim) {
  return claim.volume.empty() ? provisioned_name(claim.ref.uid) : claim.volume;
}

}  // namespace sandboxlet::agent
