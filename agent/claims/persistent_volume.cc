#include "agent/claims/persistent_volume.h"

#include <algorithm>
#include <set>

#include "api/storage.h"
#include "kube/fields.h"

namespace sandboxlet::agent {

namespace {

using Json = nlohmann::json;

constexpr char kHostname[] = "kubernetes.io/hostname";
constexpr char kName[] = "metadata.name";

// What a spec has beside its source, of which it has exactly one.
const std::set<std::string> kBesideTheSource{"accessModes",      "capacity",
                                             "claimRef",         "mountOptions",
                                             "nodeAffinity",     "persistentVolumeReclaimPolicy",
                                             "storageClassName", "volumeAttributesClassName",
                                             "volumeMode"};

OtherKind other_kind(const Json& spec) {
  for (const auto& [field, value] : spec.items()) {
    if (!kBesideTheSource.contains(field)) return {field};
  }
  return {"none"};
}

PersistentVolume source_of(const Json& object, const std::vector<std::string>& mount_options) {
  const Json spec = kube::json_at(object, "/spec");
  if (spec.contains("hostPath")) {
    return {HostPath{kube::text_at(object, "/spec/hostPath/path"),
                     kube::text_at(object, "/spec/hostPath/type")}};
  }
  if (spec.contains("local")) return {Local{kube::text_at(object, "/spec/local/path")}};
  if (spec.contains("nfs")) {
    return {Nfs{kube::text_at(object, "/spec/nfs/server"), kube::text_at(object, "/spec/nfs/path"),
                mount_options, kube::json_at(object, "/spec/nfs/readOnly") == true}};
  }
  if (!spec.contains("csi")) return {other_kind(spec)};
  const std::string driver = kube::text_at(object, "/spec/csi/driver");
  if (driver != api::kLocalProvisioner) return {OtherKind{"csi (" + driver + ")"}};
  return {NodeVolume{kube::text_at(object, "/spec/csi/volumeHandle")}};
}

// Of one requirement on the node's name; any other holds.
bool holds(const Json& requirement, const char* key, const std::string& node) {
  if (kube::text_at(requirement, "/key") != key) return true;
  const auto values = kube::texts_at(requirement, "/values");
  const bool is_named = std::find(values.begin(), values.end(), node) != values.end();
  const std::string comparison = kube::text_at(requirement, "/operator");
  if (comparison == "In") return is_named;
  if (comparison == "NotIn") return !is_named;
  return comparison != "DoesNotExist";
}

bool all_hold(const Json& term, const char* list, const char* key, const std::string& node) {
  const Json requirements = kube::json_at(term, list);
  return std::all_of(requirements.begin(), requirements.end(),
                     [&](const Json& one) { return holds(one, key, node); });
}

}  // namespace

KnownVolume read_volume(const Json& object) {
  KnownVolume volume;
  volume.name = kube::text_at(object, "/metadata/name");
  volume.uid = kube::text_at(object, "/metadata/uid");
  volume.version = kube::text_at(object, "/metadata/resourceVersion");
  volume.phase = kube::text_at(object, "/status/phase");
  volume.is_deleting = !kube::text_at(object, "/metadata/deletionTimestamp").empty();
  volume.finalizers = kube::texts_at(object, "/metadata/finalizers");
  volume.claim = {kube::text_at(object, "/spec/claimRef/namespace"),
                  kube::text_at(object, "/spec/claimRef/name"),
                  kube::text_at(object, "/spec/claimRef/uid")};
  volume.reclaim_policy = kube::text_at(object, "/spec/persistentVolumeReclaimPolicy");
  volume.capacity = kube::bytes_of(kube::text_at(object, "/spec/capacity/storage"));
  volume.mount_options = kube::texts_at(object, "/spec/mountOptions");
  volume.source = source_of(object, volume.mount_options);
  volume.node_selector_terms =
      kube::json_at(object, "/spec/nodeAffinity/required/nodeSelectorTerms");
  return volume;
}

bool is_node_volume(const KnownVolume& volume) {
  return std::holds_alternative<NodeVolume>(volume.source.source);
}

bool is_of_node(const KnownVolume& volume, const std::string& node) {
  const Json& terms = volume.node_selector_terms;
  if (terms.empty()) return true;
  return std::any_of(terms.begin(), terms.end(), [&](const Json& term) {
    return all_hold(term, "/matchExpressions", kHostname, node) &&
           all_hold(term, "/matchFields", kName, node);
  });
}

}  // namespace sandboxlet::agent
