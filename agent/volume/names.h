#pragma once

#include <string>

#include "base/result.h"

namespace sandboxlet::agent {

// What may name a directory of a volume or of its Sandbox: [a-z0-9-.]+, not beginning with a dot,
// with room left for a prefix.
bool is_name(const std::string& name);
Result<> check_name(const std::string& name);

}  // namespace sandboxlet::agent
