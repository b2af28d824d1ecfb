#pragma once

#include <string>

#include "api/sandbox.h"

namespace sandboxlet::simulation {

// What users ask for: that many containers, which share an emptyDir, and a claim beside them. With
// its defaults; its uid is "uid-NAME".
api::Sandbox sandbox(const std::string& name, int containers);

}  // namespace sandboxlet::simulation
