#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "scheduler-shim/json_reader.h"
#include "scheduler-shim/taints.h"

namespace sandboxlet::eviction {

// By which the cluster tells of a core Node's condition, or that it is cordoned.
inline constexpr char kNotReady[] = "node.kubernetes.io/not-ready";
inline constexpr char kUnreachable[] = "node.kubernetes.io/unreachable";
inline constexpr char kUnschedulable[] = "node.kubernetes.io/unschedulable";

// A toleration with the time that it lasts for taints that evict.
struct TimedToleration {
  scheduler::Toleration what;
  // Nothing: for ever.
  std::optional<std::chrono::seconds> lasts;
};

// Those of a Sandbox's pod, with what admission adds to a Pod that says nothing of nodes which do
// not answer: 300 s (plugin/pkg/admission/defaulttolerationseconds). Most say nothing more, and
// share it. What cannot be read tolerates nothing.
using Tolerations = std::shared_ptr<const std::vector<TimedToleration>>;
Tolerations read_tolerations(const nlohmann::json& sandbox);

// How long it stays with that taint: nothing, for ever. Of several that tolerate it the first
// counts (component-helpers: GetMatchingTolerations).
std::optional<std::chrono::seconds> stays_for(const Tolerations& tolerations,
                                              const scheduler::Taint& taint);

}  // namespace sandboxlet::eviction
