#include "scheduler-shim/taints.h"

#include <algorithm>

namespace sandboxlet::scheduler {

namespace {

bool tolerates_one(const Toleration& toleration, const Taint& taint) {
  if (!toleration.any_effect && toleration.effect != taint.effect) return false;
  if (!toleration.key.empty() && toleration.key != taint.key) return false;
  return toleration.exists || (toleration.key == taint.key && toleration.value == taint.value);
}

}  // namespace

bool tolerates(const std::vector<Toleration>& tolerations, const Taint& taint) {
  return std::any_of(tolerations.begin(), tolerations.end(),
                     [&](const Toleration& one) { return tolerates_one(one, taint); });
}

const Taint* find_untolerated(const std::vector<Taint>& taints,
                              const std::vector<Toleration>& tolerations) {
  const auto found = std::find_if(taints.begin(), taints.end(), [&](const Taint& taint) {
    return taint.effect != TaintEffect::kPreferNoSchedule && !tolerates(tolerations, taint);
  });
  return found == taints.end() ? nullptr : &*found;
}

}  // namespace sandboxlet::scheduler
