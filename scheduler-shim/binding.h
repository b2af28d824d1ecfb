#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "api/meta.h"

namespace sandboxlet::scheduler {

// What a Sandbox says of itself that its binding must not cover.
// clang-tidy 14 takes the assertions in Json's noexcept move for throws.
struct Said {  // NOLINT(bugprone-exception-escape)
  int64_t generation = 0;
  // A list of conditions has one writer at a time and no keys: it is written whole.
  nlohmann::json conditions = nlohmann::json::array();
};

Said said_of(const nlohmann::json& sandbox);

// All of that, with this condition in the place of the one of its type.
nlohmann::json with_condition(const Said& said, api::Condition condition, const api::Time& now);

// Binds it to that node and says since when. The agent keeps the conditions from then on. A patch
// of status, without the version that it is to be written over. Pure.
nlohmann::json bind_patch(const Said& said, const std::string& node_name, const api::Time& now);

}  // namespace sandboxlet::scheduler
