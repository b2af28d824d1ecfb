#pragma once

#include <boost/describe.hpp>
#include <string>
#include <vector>

namespace sandboxlet::scheduler {

enum class TaintEffect { kNoSchedule, kPreferNoSchedule, kNoExecute };

// core/v1 Taint.
struct Taint {
  std::string key;
  std::string value;
  TaintEffect effect = TaintEffect::kNoSchedule;

  bool operator==(const Taint&) const = default;
};

// core/v1 Toleration.
struct Toleration {
  // Empty tolerates every key; only valid with exists.
  std::string key;
  // Exists, where the value does not matter; else Equal.
  bool exists = false;
  std::string value;
  bool any_effect = true;
  TaintEffect effect = TaintEffect::kNoSchedule;

  bool operator==(const Toleration&) const = default;
};
BOOST_DESCRIBE_STRUCT(Toleration, (), (key, exists, value, any_effect, effect))

bool tolerates(const std::vector<Toleration>& tolerations, const Taint& taint);

// The first taint of those that keep Sandboxes away (NoSchedule, NoExecute) which is not tolerated;
// null where there is none.
const Taint* find_untolerated(const std::vector<Taint>& taints,
                              const std::vector<Toleration>& tolerations);

}  // namespace sandboxlet::scheduler
