#include "api/conditions.h"

#include <algorithm>
#include <utility>

namespace sandboxlet::api {

const Condition* find_condition(const std::vector<Condition>& conditions, std::string_view type) {
  auto found = std::ranges::find(conditions, type, &Condition::type);
  return found == conditions.end() ? nullptr : &*found;
}

bool is_true(const std::vector<Condition>& conditions, std::string_view type) {
  const Condition* const found = find_condition(conditions, type);
  return found != nullptr && found->status == "True";
}

void set_condition(std::vector<Condition>& conditions, Condition condition, const Time& now) {
  auto old = std::ranges::find(conditions, condition.type, &Condition::type);
  if (old == conditions.end()) {
    condition.lastTransitionTime = now;
    conditions.push_back(std::move(condition));
    return;
  }
  condition.lastTransitionTime = condition.status == old->status ? old->lastTransitionTime : now;
  *old = std::move(condition);
}

void remove_condition(std::vector<Condition>& conditions, std::string_view type) {
  std::erase_if(conditions, [type](const Condition& condition) { return condition.type == type; });
}

}  // namespace sandboxlet::api
