#pragma once

#include <set>
#include <string>
#include <vector>

#include "api/sandbox.h"
#include "tests/simulation/machine.h"

namespace sandboxlet::simulation {

// What of a Sandbox is not as it is wanted, one line each; pure but for looking at the machine. One
// that rests goes down by itself to deepens_to, as far as it is let.
void check_sandbox(const Machine& machine, const api::Sandbox& sandbox, api::Depth deepens_to,
                   std::vector<std::string>& problems);

// What is there of Sandboxes, by uid, that this machine does not hold, and of those whose data it
// does not keep either.
void check_leaks(const Machine& machine, const std::set<std::string>& held,
                 const std::set<std::string>& kept, std::vector<std::string>& problems);

}  // namespace sandboxlet::simulation
