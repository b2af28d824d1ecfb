#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/meta.h"
#include "api/pod.h"
#include "base/result.h"

namespace sandboxlet::api {

// All that a process is started with, in bytes: more than Linux takes, and a bound on variables
// that double each other.
inline constexpr size_t kMaxExpanded = size_t{4} << 20;

// Replaces $(NAME) by the variable's value; $$ is a $ by itself, so $$(NAME) stays $(NAME). What
// names no variable is kept as it is written (Kubernetes: third_party/forked/golang/expansion).
// Stops where it is beyond kMaxExpanded.
std::string expand(std::string_view text, const StringMap& variables);

// What a container's process is started with.
struct Expanded {
  StringMap env;
  std::vector<std::string> command;
  std::vector<std::string> args;
};

// A variable's value sees those that stand before it, the last of one name wins (kubelet:
// makeEnvironmentVariables); command and args see all. kInvalidArgument beyond kMaxExpanded.
Result<Expanded> expand(const Container& container);

}  // namespace sandboxlet::api
