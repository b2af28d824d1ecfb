#pragma once

#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sandboxlet::api {

// One document of a YAML text as JSON, and where it begins.
// clang-tidy 14 takes the assertions in Json's noexcept move for throws.
struct YamlDocument {  // NOLINT(bugprone-exception-escape)
  nlohmann::json value;
  int line = 0;
  // Where each item begins of the list under the root's key "items".
  std::vector<int> item_lines;
};

// Reads YAML as kubectl does (yaml_scalar.h says what a scalar is), with its own bounds on depth
// and on what aliases unfold to. A key that stands twice is an error; a merge ("<<") fills in what
// no key before it has set, and keys after it override. Errors name the line.
Result<std::vector<YamlDocument>> yaml_to_json(std::string_view text);

}  // namespace sandboxlet::api
