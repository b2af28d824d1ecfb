#include "scheduler-shim/condition_of.h"

#include <algorithm>

#include "kube/fields.h"

namespace sandboxlet::scheduler {

using Json = nlohmann::json;

const Json& condition_of(const Json& sandbox, std::string_view type) {
  static const Json none;
  const Json::json_pointer place("/status/conditions");
  if (!sandbox.contains(place) || !sandbox[place].is_array()) return none;
  const Json& conditions = sandbox[place];
  const auto found = std::find_if(conditions.begin(), conditions.end(), [&](const Json& one) {
    return kube::text_at(one, "/type") == type;
  });
  return found == conditions.end() ? none : *found;
}

bool is_condition_true(const Json& sandbox, std::string_view type) {
  return kube::text_at(condition_of(sandbox, type), "/status") == "True";
}

}  // namespace sandboxlet::scheduler
