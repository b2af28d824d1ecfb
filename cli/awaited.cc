#include "cli/awaited.h"

#include <strings.h>

#include <algorithm>

namespace sandboxlet::cli {

namespace {

bool equal_fold(const std::string& one, const std::string& other) {
  return strcasecmp(one.c_str(), other.c_str()) == 0;
}

}  // namespace

Result<std::optional<AwaitedCondition>> parse_awaited(const std::string& text) {
  constexpr std::string_view kCondition = "condition=";
  if (text == "delete") return std::nullopt;
  if (!text.starts_with(kCondition) || text.size() == kCondition.size()) {
    return Error(Code::kInvalidArgument,
                 "\"" + text + "\" is neither delete nor condition=TYPE[=STATUS]");
  }
  AwaitedCondition awaited{text.substr(kCondition.size()), "True"};
  if (const size_t equals = awaited.type.find('='); equals != std::string::npos) {
    awaited.status = awaited.type.substr(equals + 1);
    awaited.type.resize(equals);
  }
  return awaited;
}

bool holds(const AwaitedCondition& awaited, const api::Sandbox& sandbox) {
  return std::ranges::any_of(sandbox.status.conditions, [&](const api::Condition& condition) {
    return equal_fold(condition.type, awaited.type) &&
           equal_fold(condition.status, awaited.status) &&
           condition.observedGeneration >= sandbox.metadata.generation;
  });
}

}  // namespace sandboxlet::cli
