#include "agent/claims/provision.h"

#include "api/storage.h"
#include "kube/fields.h"

namespace sandboxlet::agent {

namespace {

using Json = nlohmann::json;

constexpr char kMode[] = "mode";
constexpr char kImage[] = "image";
constexpr char kDirectory[] = "directory";
// external-provisioner's; the controller manager leaves what has it to its maker.
constexpr char kProvisionedBy[] = "pv.kubernetes.io/provisioned-by";

Error refused(const std::string& field, const std::string& why) {
  return Error(Code::kInvalidArgument, field + ": " + why);
}

Result<VolumeMode> mode_of(const KnownClass& storage_class) {
  VolumeMode mode = VolumeMode::kImage;
  for (const auto& [name, value] : storage_class.parameters) {
    if (name != kMode) return refused("parameters." + name, "is not known");
    if (value != kImage && value != kDirectory) {
      return refused("parameters.mode", "\"" + value + "\" is neither \"image\" nor \"directory\"");
    }
    if (value == kDirectory) mode = VolumeMode::kDirectory;
  }
  return mode;
}

Result<> check_access(const KnownClaim& claim) {
  for (const std::string& mode : claim.access_modes) {
    if (mode == "ReadWriteOnce" || mode == "ReadWriteOncePod") continue;
    return refused("spec.accessModes", mode + " is of several nodes, and the volume is on one");
  }
  return {};
}

// As the claim has it written, where that is what was made.
std::string capacity_of(const KnownClaim& claim, const VolumeRecord& made) {
  return made.size == claim.requested ? claim.request : std::to_string(made.size);
}

Json affinity_for(const std::string& node) {
  const Json here{{"key", "kubernetes.io/hostname"}, {"operator", "In"}, {"values", {node}}};
  const Json term{{"matchExpressions", Json::array({here})}};
  return {{"required", {{"nodeSelectorTerms", Json::array({term})}}}};
}

}  // namespace

KnownClass read_class(const Json& object) {
  KnownClass known;
  known.name = kube::text_at(object, "/metadata/name");
  known.provisioner = kube::text_at(object, "/provisioner");
  known.reclaim_policy = kube::text_at(object, "/reclaimPolicy");
  const Json parameters = kube::json_at(object, "/parameters");
  for (const auto& [name, value] : parameters.items()) {
    if (value.is_string()) known.parameters[name] = value;
  }
  for (const char* field : {"mountOptions", "allowedTopologies"}) {
    if (!kube::json_at(object, std::string("/") + field).empty()) known.demands.emplace_back(field);
  }
  return known;
}

Result<NewVolume> new_volume(const KnownClaim& claim, const KnownClass& storage_class) {
  for (const std::string& field : claim.demands) return refused(field, "is not supported");
  for (const std::string& field : storage_class.demands) return refused(field, "is not supported");
  if (claim.volume_mode == "Block") {
    return refused("spec.volumeMode", "Block is not supported");
  }
  CHECK_OK(check_access(claim));
  if (claim.requested <= 0) {
    return refused("spec.resources.requests.storage", "\"" + claim.request + "\" is no size");
  }
  NewVolume wanted;
  TRY(wanted.mode, mode_of(storage_class));
  wanted.size = claim.requested;
  wanted.claim = claim.ref;
  return wanted;
}

Json volume_object(const KnownClaim& claim, const KnownClass& storage_class,
                   const VolumeRecord& made, const std::string& node) {
  const std::string name = provisioned_name(claim.ref.uid);
  Json object{{"apiVersion", "v1"}, {"kind", "PersistentVolume"}};
  object["metadata"] = {{"name", name},
                        {"labels", {{api::kNodeLabel, api::node_label_value(node)}}},
                        {"annotations", {{kProvisionedBy, api::kLocalProvisioner}}},
                        {"finalizers", {api::kVolumeFinalizer}}};
  const char* const mode = made.mode == VolumeMode::kImage ? kImage : kDirectory;
  const std::string policy =
      storage_class.reclaim_policy.empty() ? "Delete" : storage_class.reclaim_policy;
  object["spec"] = {{"capacity", {{"storage", capacity_of(claim, made)}}},
                    {"accessModes", claim.access_modes},
                    {"persistentVolumeReclaimPolicy", policy},
                    {"storageClassName", storage_class.name},
                    {"volumeMode", "Filesystem"},
                    {"nodeAffinity", affinity_for(node)},
                    {"claimRef",
                     {{"apiVersion", "v1"},
                      {"kind", "PersistentVolumeClaim"},
                      {"namespace", claim.ref.namespace_},
                      {"name", claim.ref.name},
                      {"uid", claim.ref.uid}}},
                    {"csi",
                     {{"driver", api::kLocalProvisioner},
                      {"volumeHandle", name},
                      {"volumeAttributes", {{kMode, mode}}}}}};
  return object;
}

}  // namespace sandboxlet::agent
