#include "scheduler-shim/read_claim_info.h"

#include <algorithm>

#include "api/storage.h"
#include "scheduler-shim/name_hash.h"
#include "scheduler-shim/read_selectors.h"
#include "scheduler-shim/requests.h"

namespace sandboxlet::scheduler {

namespace {

// Kubernetes' own (component-helpers: pv_helpers.go).
constexpr char kBindCompleted[] = "pv.kubernetes.io/bind-completed";
constexpr char kNoProvisioner[] = "kubernetes.io/no-provisioner";
// Upstream's (agent-sandbox: sandbox_types.go).
constexpr char kAdoptableLabel[] = "agents.x-k8s.io/adoptable";

AccessModes read_access_modes(JsonReader& reader, const Json& spec) {
  AccessModes modes = 0;
  for (const std::string& mode : reader.texts(spec, "accessModes")) {
    if (mode == "ReadWriteOnce") modes |= kReadWriteOnce;
    if (mode == "ReadOnlyMany") modes |= kReadOnlyMany;
    if (mode == "ReadWriteMany") modes |= kReadWriteMany;
    if (mode == "ReadWriteOncePod") modes |= kReadWriteOncePod;
  }
  return modes;
}

int64_t read_storage(JsonReader& reader, const Json& in, std::string_view name) {
  return read_resources(reader, in, name).extended_amount("storage");
}

std::string value_of(const api::StringMap& map, const char* key) {
  const auto found = map.find(key);
  return found == map.end() ? "" : found->second;
}

void read_labels(const api::StringMap& labels, ClaimInfo& claim) {
  claim.name_hash = value_of(labels, kNameHashLabel);
  claim.is_adoptable = value_of(labels, kAdoptableLabel) == "true";
  claim.is_labelled =
      value_of(labels, api::kNodeLabel) == api::node_label_value(claim.selected_node);
}

void read_claim_metadata(JsonReader& reader, const Json& metadata, ClaimInfo& claim) {
  claim.namespace_ = reader.text(metadata, "namespace");
  claim.name = reader.text(metadata, "name");
  claim.uid = reader.text(metadata, "uid");
  claim.resource_version = reader.text(metadata, "resourceVersion");
  claim.is_deleting = !reader.text(metadata, "deletionTimestamp").empty();
  const auto finalizers = reader.texts(metadata, "finalizers");
  claim.is_protected = std::ranges::count(finalizers, api::kClaimFinalizer) != 0;
  const api::StringMap annotations = reader.text_map(metadata, "annotations");
  claim.selected_node = value_of(annotations, api::kSelectedNodeAnnotation);
  claim.is_bound = annotations.contains(kBindCompleted);
  read_labels(reader.text_map(metadata, "labels"), claim);
  reader.each(metadata, "ownerReferences", [&](const Json& owner) {
    if (!reader.boolean(owner, "controller")) return;
    claim.controller_uid = reader.text(owner, "uid");
    claim.controller = reader.text(owner, "kind") + "/" + reader.text(owner, "name");
  });
}

void read_claim_spec(JsonReader& reader, const Json& spec, ClaimInfo& claim) {
  claim.class_name = reader.text(spec, "storageClassName");
  claim.volume_name = reader.text(spec, "volumeName");
  claim.access_modes = read_access_modes(reader, spec);
  claim.is_block = reader.text(spec, "volumeMode") == "Block";
  claim.selector = read_pod_selector(reader, spec, "selector").labels;
  reader.object(spec, "resources", [&](const Json& resources) {
    claim.request = read_storage(reader, resources, "requests");
  });
}

void read_volume_metadata(JsonReader& reader, const Json& metadata, VolumeInfo& volume) {
  volume.name = reader.text(metadata, "name");
  volume.resource_version = reader.text(metadata, "resourceVersion");
  volume.is_deleting = !reader.text(metadata, "deletionTimestamp").empty();
  volume.labels = Labels(reader.text_map(metadata, "labels"));
}

void read_volume_source(JsonReader& reader, const Json& spec, VolumeInfo& volume) {
  reader.object(spec, "csi", [&](const Json& csi) {
    if (reader.text(csi, "driver") != api::kLocalProvisioner) return;
    const std::string* const node = volume.labels.find(api::kNodeLabel);
    if (node != nullptr) volume.local_node = *node;
  });
}

void read_volume_spec(JsonReader& reader, const Json& spec, VolumeInfo& volume) {
  volume.class_name = reader.text(spec, "storageClassName");
  volume.access_modes = read_access_modes(reader, spec);
  volume.is_block = reader.text(spec, "volumeMode") == "Block";
  volume.capacity = read_storage(reader, spec, "capacity");
  read_volume_source(reader, spec, volume);
  reader.object(spec, "claimRef", [&](const Json& claim) {
    volume.claim_namespace = reader.text(claim, "namespace");
    volume.claim_name = reader.text(claim, "name");
    volume.claim_uid = reader.text(claim, "uid");
  });
  reader.object(spec, "nodeAffinity", [&](const Json& affinity) {
    volume.node_terms = read_node_selector(reader, affinity, "required");
  });
}

// Each is a list of labels with the values that do.
std::vector<NodeTerm> read_topologies(JsonReader& reader, const Json& storage_class) {
  std::vector<NodeTerm> terms;
  reader.each(storage_class, "allowedTopologies", [&](const Json& topology) {
    NodeTerm term;
    reader.each(topology, "matchLabelExpressions", [&](const Json& one) {
      term.labels.push_back(
          {reader.text(one, "key"), Requirement::Operator::kIn, reader.texts(one, "values")});
    });
    terms.push_back(std::move(term));
  });
  return terms;
}

}  // namespace

std::string claim_key(const std::string& namespace_, const std::string& name) {
  return namespace_ + "/" + name;
}

bool StorageClassInfo::is_local() const { return provisioner == api::kLocalProvisioner; }

bool StorageClassInfo::provisions() const {
  return !provisioner.empty() && provisioner != kNoProvisioner;
}

Result<ClaimInfo> read_claim(const Json& object) {
  JsonReader reader;
  ClaimInfo claim;
  reader.object(object, "metadata",
                [&](const Json& metadata) { read_claim_metadata(reader, metadata, claim); });
  reader.object(object, "spec", [&](const Json& spec) { read_claim_spec(reader, spec, claim); });
  reader.object(object, "status", [&](const Json& status) {
    claim.is_lost = reader.text(status, "phase") == "Lost";
  });
  if (reader.error()) return *reader.error();
  claim.is_bound = claim.is_bound && !claim.volume_name.empty();
  return claim;
}

Result<VolumeInfo> read_volume(const Json& object) {
  JsonReader reader;
  VolumeInfo volume;
  reader.object(object, "metadata",
                [&](const Json& metadata) { read_volume_metadata(reader, metadata, volume); });
  reader.object(object, "spec", [&](const Json& spec) { read_volume_spec(reader, spec, volume); });
  reader.object(object, "status", [&](const Json& status) {
    volume.is_available = reader.text(status, "phase") == "Available";
  });
  if (reader.error()) return *reader.error();
  // Only one that is free is chosen by its labels.
  if (!volume.is_available) volume.labels = {};
  return volume;
}

Result<StorageClassInfo> read_storage_class(const Json& object) {
  JsonReader reader;
  StorageClassInfo info;
  info.provisioner = reader.text(object, "provisioner");
  info.waits_for_consumer = reader.text(object, "volumeBindingMode") == "WaitForFirstConsumer";
  info.node_terms = read_topologies(reader, object);
  if (reader.error()) return *reader.error();
  return info;
}

std::vector<PodClaim> read_pod_claims(JsonReader& reader, const Json& spec,
                                      const std::string& sandbox) {
  std::vector<PodClaim> claims;
  std::vector<std::string> templates;
  reader.each(spec, "volumeClaimTemplates", [&](const Json& one) {
    reader.object(one, "metadata", [&](const Json& metadata) {
      templates.push_back(reader.text(metadata, "name"));
      claims.push_back({templates.back() + "-" + sandbox, true});
    });
  });
  const auto read_volumes = [&](const Json& pod) {
    reader.each(pod, "volumes", [&](const Json& volume) {
      const std::string name = reader.text(volume, "name");
      if (std::find(templates.begin(), templates.end(), name) != templates.end()) return;
      reader.object(volume, "persistentVolumeClaim", [&](const Json& source) {
        PodClaim claim{reader.text(source, "claimName"), false};
        const bool is_named = std::any_of(claims.begin(), claims.end(), [&](const PodClaim& known) {
          return known.name == claim.name;
        });
        if (!is_named) claims.push_back(std::move(claim));
      });
    });
  };
  reader.object(spec, "podTemplate", [&](const Json& pod_template) {
    reader.object(pod_template, "spec", read_volumes);
  });
  return claims;
}

}  // namespace sandboxlet::scheduler
