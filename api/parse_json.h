#pragma once

#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "api/finding.h"

namespace sandboxlet::api {

// Parses one JSON value. Text that is not JSON, nesting beyond 64 and a key that stands twice in
// one object (which of them counts would be chance) are findings.
nlohmann::json parse_json(std::string_view text, std::vector<Finding>& findings);

}  // namespace sandboxlet::api
