#pragma once

#include <optional>
#include <string>

#include "api/sandbox.h"
#include "base/result.h"

namespace sandboxlet::cli {

// What kubectl wait --for names. Pure.
struct AwaitedCondition {
  std::string type;
  std::string status;
};

// "condition=TYPE[=STATUS]", where STATUS is True by default; nothing for "delete".
Result<std::optional<AwaitedCondition>> parse_awaited(const std::string& text);

// Upper and lower case do not matter, as in kubectl; what was told of an older generation does not
// count.
bool holds(const AwaitedCondition& awaited, const api::Sandbox& sandbox);

}  // namespace sandboxlet::cli
