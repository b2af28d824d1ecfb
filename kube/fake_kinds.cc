#include "kube/fake_kinds.h"

namespace sandboxlet::kube {

namespace {

const std::vector<FakeKind>& kinds() {
  static const std::vector<FakeKind> all = {
      {kSandboxes, "Sandbox", {"status.nodeName"}},
      {kSandboxNodes, "SandboxNode", {}},
      {kLeases, "Lease", {}},
      {kEvents, "Event", {}},
      {kNamespaces, "Namespace", {}},
      {{"", "v1", "nodes"}, "Node", {}},
      {{"", "v1", "pods"}, "Pod", {"spec.nodeName"}},
      {kSecrets, "Secret", {}},
      {kServiceAccounts, "ServiceAccount", {}},
      {{"", "v1", "configmaps"}, "ConfigMap", {}},
      {kPersistentVolumeClaims, "PersistentVolumeClaim", {}},
      {kPersistentVolumes, "PersistentVolume", {}},
      {kStorageClasses, "StorageClass", {}},
      {{"", "v1", "nodes"}, "Node", {}},
      {{"", "v1", "pods"}, "Pod", {}},
      {{"", "v1", "services"}, "Service", {}},
      {{"node.k8s.io", "v1", "runtimeclasses"}, "RuntimeClass", {}},
      {{"scheduling.k8s.io", "v1", "priorityclasses"}, "PriorityClass", {}},
      {{"discovery.k8s.io", "v1", "endpointslices"}, "EndpointSlice", {}},
      {{"networking.k8s.io", "v1", "ingresses"}, "Ingress", {}},
      {{"gateway.networking.k8s.io", "v1", "httproutes"}, "HTTPRoute", {}},
  };
  return all;
}

}  // namespace

std::string fake_collection(const ObjectRef& ref) { return path_of({ref.resource, "", "", ""}); }

const FakeKind* find_fake_kind(const std::string& collection) {
  for (const FakeKind& kind : kinds()) {
    if (fake_collection({kind.resource, "", "", ""}) == collection) return &kind;
  }
  return nullptr;
}

std::string api_version(const Resource& resource) {
  if (resource.group.empty()) return std::string(resource.version);
  return std::string(resource.group).append("/").append(resource.version);
}

}  // namespace sandboxlet::kube
