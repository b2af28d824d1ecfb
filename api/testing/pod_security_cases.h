#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "api/pod_security.h"

namespace sandboxlet::api {

// A pod, and the strictest level that takes it.
struct PodSecurityCase {  // NOLINT(bugprone-exception-escape)
  PodSecurityLevel taken = PodSecurityLevel::kRestricted;
  // Its PodSpec.
  nlohmann::json spec;
};

// A PodSpec that every level takes.
nlohmann::json restricted_pod();

// What of pods each level takes and refuses. All are valid but for that, so that an API server can
// be asked the same.
std::vector<PodSecurityCase> pod_security_cases();

}  // namespace sandboxlet::api
