#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace sandboxlet::cri {

// A StartContainer whose caller dies at the wrong moment leaves containerd a task that CRI does not
// know of: "failed to get task pid: context canceled". From then on CRI can remove neither its
// container nor the pod, until containerd is restarted (containerd/containerd#11037, of 1.6 to
// 2.0). containerd's own API deletes such a task, and refuses to where it runs after all.
//
// The task's id, where it is that what an error of RemoveContainer or RemovePodSandbox speaks of.
std::optional<std::string> stranded_task(const Error& error);

// Where containerd's CRI plugin keeps all that it makes.
inline constexpr char kContainerdNamespaceKey[] = "containerd-namespace";
inline constexpr char kContainerdNamespace[] = "k8s.io";

}  // namespace sandboxlet::cri
