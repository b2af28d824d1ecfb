#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "api/finding.h"
#include "api/sandbox.h"

namespace sandboxlet::api {

// A Sandbox as read; it may be used only where findings is empty.
struct ReadSandbox {
  Sandbox sandbox;
  std::vector<Finding> findings;
};

// Objects larger than this are refused before they are parsed; the API server's own limit.
inline constexpr size_t kMaxObjectBytes = size_t{3} * 1024 * 1024;

// Reads one Sandbox. A field that this agent does not have is a finding unless its value asks for
// nothing (known_fields.h); so are wrong types and text that is not JSON.
ReadSandbox read_sandbox(std::string_view json, size_t max_bytes = kMaxObjectBytes);

// The same of one that was parsed already (parse_json.h).
ReadSandbox read_parsed(const nlohmann::json& object);

// The Sandbox as JSON in one line; what is empty or unset is left out.
std::string write_sandbox(const Sandbox& sandbox);

// The status alone, its conditions with all that their schema requires (apimachinery:
// metav1.Condition).
nlohmann::json write_status(const SandboxStatus& status);

}  // namespace sandboxlet::api
