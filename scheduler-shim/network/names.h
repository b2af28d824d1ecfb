#pragma once

#include <string>
#include <string_view>

#include "kube/resource.h"
#include "scheduler-shim/name_hash.h"

namespace sandboxlet::network {

inline constexpr kube::Resource kServices{"", "v1", "services"};
inline constexpr kube::Resource kEndpointSlices{"discovery.k8s.io", "v1", "endpointslices"};

using scheduler::kNameHashLabel;
using scheduler::name_hash;
inline constexpr char kManagedByLabel[] = "app.kubernetes.io/managed-by";
inline constexpr char kServiceNameLabel[] = "kubernetes.io/service-name";
// Kubernetes' own controller leaves slices alone that another manages.
inline constexpr char kSliceManagedByLabel[] = "endpointslice.kubernetes.io/managed-by";
inline constexpr char kManager[] = "sandboxlet.io";

// "box-ipv4": one slice a Service and address family ("IPv4").
std::string slice_name(const std::string& service, std::string_view family);

}  // namespace sandboxlet::network
