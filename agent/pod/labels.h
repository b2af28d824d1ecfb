#pragma once

namespace sandboxlet::agent {

// Labels and annotations of pod sandboxes and containers, as the kubelet names them
// (types/labels.go, kuberuntime/labels.go): crictl and every other tool of the field knows them.
inline constexpr char kPodNameLabel[] = "io.kubernetes.pod.name";
inline constexpr char kPodNamespaceLabel[] = "io.kubernetes.pod.namespace";
inline constexpr char kPodUidLabel[] = "io.kubernetes.pod.uid";
inline constexpr char kContainerNameLabel[] = "io.kubernetes.container.name";
inline constexpr char kRestartCountAnnotation[] = "io.kubernetes.container.restartCount";
inline constexpr char kGracePeriodAnnotation[] = "io.kubernetes.pod.terminationGracePeriod";

// Ours: what tells our pods from others in the same runtime. The value is the agent's cgroup root.
inline constexpr char kManagedByLabel[] = "sandboxlet.io/managed-by";

}  // namespace sandboxlet::agent
