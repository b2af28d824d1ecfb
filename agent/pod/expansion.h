#pragma once

#include <string>
#include <string_view>

#include "api/meta.h"

namespace sandboxlet::agent {

// Replaces $(NAME) by the variable's value; $$ is a $ by itself, so $$(NAME) stays $(NAME). What
// names no variable is kept as it is written (Kubernetes: third_party/forked/golang/expansion).
std::string expand(std::string_view text, const api::StringMap& variables);

}  // namespace sandboxlet::agent
