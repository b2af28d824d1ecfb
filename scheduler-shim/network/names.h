#pragma once

#include <string>
#include <string_view>

#include "kube/resource.h"

namespace sandboxlet::network {

inline constexpr kube::Resource kServices{"", "v1", "services"};
inline constexpr kube::Resource kEndpointSlices{"discovery.k8s.io", "v1", "endpointslices"};

// Upstream's label of what belongs to a Sandbox: a hash of its name.
inline constexpr char kNameHashLabel[] = "agents.x-k8s.io/sandbox-name-hash";
inline constexpr char kManagedByLabel[] = "app.kubernetes.io/managed-by";
inline constexpr char kServiceNameLabel[] = "kubernetes.io/service-name";
// Kubernetes' own controller leaves slices alone that another manages.
inline constexpr char kSliceManagedByLabel[] = "endpointslice.kubernetes.io/managed-by";
inline constexpr char kManager[] = "sandboxlet.io";

// FNV-1a of 32 bits in eight hexadecimal digits (agent-sandbox: NameHash).
std::string name_hash(std::string_view name);

// "box-ipv4": one slice a Service and address family ("IPv4").
std::string slice_name(const std::string& service, std::string_view family);

}  // namespace sandboxlet::network
