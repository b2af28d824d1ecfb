#pragma once

#include <vector>

#include "api/finding.h"
#include "api/sandbox.h"

namespace sandboxlet::api {

// What is wrong with a Sandbox whose defaults are set: all that the API server would refuse of the
// object, of the pod upstream would make of it and of its claims (kubernetes:
// pkg/apis/core/validation), and our own fields. Nothing of a Sandbox with findings may take
// effect.
std::vector<Finding> validate(const Sandbox& sandbox);

// What may not change between two valid Sandboxes of one name (upstream's only rule in CEL).
std::vector<Finding> validate_update(const Sandbox& before, const Sandbox& after);

// What an agent without a cluster cannot do of a valid Sandbox.
std::vector<Finding> refuse_standalone(const Sandbox& sandbox);

}  // namespace sandboxlet::api
