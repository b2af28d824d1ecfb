#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace sandboxlet::scheduler {

// A Sandbox's condition of that type; null where it has none.
const nlohmann::json& condition_of(const nlohmann::json& sandbox, std::string_view type);

bool is_condition_true(const nlohmann::json& sandbox, std::string_view type);

}  // namespace sandboxlet::scheduler
