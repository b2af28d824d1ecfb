#pragma once

#include <string_view>
#include <vector>

#include "api/finding.h"
#include "api/sandbox.h"

namespace sandboxlet::api {

// A Sandbox with its defaults set, and everything that is wrong with it: it may take effect only
// where findings is empty. What is not done without a cluster is not among them
// (refuse_standalone).
struct Admitted {
  Sandbox sandbox;
  std::vector<Finding> findings;
};

// Reads, defaults and validates one Sandbox as the API server does on a write. Pure; any bytes may
// come in, and the same bytes get the same answer.
Admitted admit(std::string_view json);

}  // namespace sandboxlet::api
