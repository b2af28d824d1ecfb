#include "api/node_loss.h"

#include <algorithm>

namespace sandboxlet::api {

namespace {

constexpr char kUnreachable[] = "node.kubernetes.io/unreachable";
constexpr std::chrono::seconds kDefault{300};

bool tolerates_that(const Toleration& one) {
  const bool effect = one.effect.empty() || one.effect == "NoExecute";
  if (!effect) return false;
  if (one.operator_ == "Exists") return one.key.empty() || one.key == kUnreachable;
  return one.key == kUnreachable && one.value.empty();
}

}  // namespace

std::optional<std::chrono::seconds> moved_after(const SandboxSpec& spec) {
  if (keeps_data_on_its_node(spec)) return std::nullopt;
  bool tolerated = false;
  std::optional<std::chrono::seconds> shortest;
  for (const Toleration& one : spec.podTemplate.spec.tolerations) {
    if (!tolerates_that(one)) continue;
    tolerated = true;
    if (!one.tolerationSeconds) continue;
    const std::chrono::seconds lasts{std::max<int64_t>(*one.tolerationSeconds, 0)};
    shortest = std::min(shortest.value_or(lasts), lasts);
  }
  return tolerated ? shortest : kDefault;
}

bool keeps_data_on_its_node(const SandboxSpec& spec) {
  const auto& volumes = spec.podTemplate.spec.volumes;
  return !spec.volumeClaimTemplates.empty() ||
         std::any_of(volumes.begin(), volumes.end(),
                     [](const Volume& one) { return one.persistentVolumeClaim.has_value(); });
}

}  // namespace sandboxlet::api
