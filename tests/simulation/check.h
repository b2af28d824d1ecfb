#pragma once

#include <string>
#include <vector>

#include "tests/simulation/life.h"

namespace sandboxlet::simulation {

// What of a Sandbox is not as it is wanted, one line each; pure but for looking at the machine.
void check_sandbox(const Machine& machine, const api::Sandbox& sandbox,
                   std::vector<std::string>& problems);

// What is there of Sandboxes that are not.
void check_leaks(Machine& machine, const Desired& desired, std::vector<std::string>& problems);

}  // namespace sandboxlet::simulation
