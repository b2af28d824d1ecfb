#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sandboxlet::kube {

// A kind of object by its path: {"agents.x-k8s.io", "v1beta1", "sandboxes"}; the core group is "".
struct Resource {
  std::string_view group;
  std::string_view version;
  std::string_view plural;
};

inline constexpr Resource kNamespaces{"", "v1", "namespaces"};
inline constexpr Resource kPersistentVolumeClaims{"", "v1", "persistentvolumeclaims"};
inline constexpr Resource kPersistentVolumes{"", "v1", "persistentvolumes"};
inline constexpr Resource kSecrets{"", "v1", "secrets"};
inline constexpr Resource kServiceAccounts{"", "v1", "serviceaccounts"};
inline constexpr Resource kSandboxes{"agents.x-k8s.io", "v1beta1", "sandboxes"};
inline constexpr Resource kSandboxNodes{"sandboxlet.io", "v1alpha1", "sandboxnodes"};
inline constexpr Resource kLeases{"coordination.k8s.io", "v1", "leases"};
inline constexpr Resource kStorageClasses{"storage.k8s.io", "v1", "storageclasses"};
inline constexpr Resource kEvents{"events.k8s.io", "v1", "events"};

// One object, or where name is empty all of a namespace, or where that is empty too all there are.
struct ObjectRef {
  Resource resource;
  std::string namespace_;
  std::string name;
  // "status"; empty: the object itself.
  std::string_view subresource;
};

using Query = std::vector<std::pair<std::string, std::string>>;

// "/apis/agents.x-k8s.io/v1beta1/namespaces/default/sandboxes/one/status?fieldManager=x", every
// part of it escaped.
std::string path_of(const ObjectRef& ref, const Query& query = {});

}  // namespace sandboxlet::kube
