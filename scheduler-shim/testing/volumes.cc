#include "scheduler-shim/testing/volumes.h"

namespace sandboxlet::scheduler {

namespace {

Json only_on(const std::vector<std::string>& nodes) {
  const Json in{{"key", "kubernetes.io/hostname"}, {"operator", "In"}, {"values", nodes}};
  const Json term{{"matchExpressions", Json::array({in})}};
  return {{"required", {{"nodeSelectorTerms", Json::array({term})}}}};
}

}  // namespace

Json claim_json(const std::string& name, const Json& patch) {
  Json claim = json(R"({
    "metadata": {"namespace": "default", "resourceVersion": "5",
                 "finalizers": ["sandboxlet.io/claim-in-use"]},
    "spec": {"storageClassName": "local", "accessModes": ["ReadWriteOnce"],
             "volumeMode": "Filesystem", "resources": {"requests": {"storage": "1Gi"}}},
    "status": {"phase": "Pending"}})");
  claim["metadata"]["name"] = name;
  claim["metadata"]["uid"] = "uid-" + name;
  claim.merge_patch(patch);
  return claim;
}

Json bound_claim_json(const std::string& name, const std::string& volume, const Json& patch) {
  Json claim = claim_json(name);
  claim["metadata"]["annotations"]["pv.kubernetes.io/bind-completed"] = "yes";
  claim["spec"]["volumeName"] = volume;
  claim["status"]["phase"] = "Bound";
  claim.merge_patch(patch);
  return claim;
}

Json volume_json(const std::string& name, const std::string& size,
                 const std::vector<std::string>& nodes, const Json& patch) {
  Json volume = json(R"({
    "metadata": {"resourceVersion": "5"},
    "spec": {"storageClassName": "static", "accessModes": ["ReadWriteOnce"],
             "volumeMode": "Filesystem", "local": {"path": "/data"}},
    "status": {"phase": "Available"}})");
  volume["metadata"]["name"] = name;
  volume["spec"]["capacity"]["storage"] = size;
  if (!nodes.empty()) volume["spec"]["nodeAffinity"] = only_on(nodes);
  volume.merge_patch(patch);
  return volume;
}

Json local_volume_json(const std::string& name, const std::string& size, const std::string& node,
                       const Json& patch) {
  Json volume = volume_json(name, size, {node}, json(R"({
    "spec": {"storageClassName": "local", "local": null,
             "csi": {"driver": "local.sandboxlet.io"}},
    "status": {"phase": "Bound"}})"));
  volume["metadata"]["labels"]["sandboxlet.io/node"] = node;
  volume.merge_patch(patch);
  return volume;
}

Json storage_class_json(const std::string& name, const std::string& provisioner,
                        bool waits_for_consumer) {
  return {{"metadata", {{"name", name}}},
          {"provisioner", provisioner},
          {"volumeBindingMode", waits_for_consumer ? "WaitForFirstConsumer" : "Immediate"}};
}

Json using_claims(const std::vector<std::string>& names, const Json& patch) {
  Json spec{{"volumes", Json::array()}};
  for (const std::string& name : names) {
    spec["volumes"].push_back(
        {{"name", "of-" + name}, {"persistentVolumeClaim", {{"claimName", name}}}});
  }
  spec.merge_patch(patch);
  return spec;
}

}  // namespace sandboxlet::scheduler
