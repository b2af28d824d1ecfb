#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "api/finding.h"
#include "api/sandbox.h"

namespace sandboxlet::agent {

// What stands between the API server's Sandboxes and this agent's, as far as it is pure.

// A Sandbox as the API server shows it.
// clang-tidy 14 takes the assertions in Json's noexcept move for throws.
struct ApiObject {  // NOLINT(bugprone-exception-escape)
  // With its defaults; of a spec with findings only the metadata counts.
  api::Sandbox sandbox;
  // Why this agent does not run it.
  std::vector<api::Finding> findings;
  // As it stands there, with what this agent does not write.
  nlohmann::json status = nlohmann::json::object();
  bool has_finalizer = false;
};

// Fields that only say where a Sandbox may run are not looked at: it has been bound. Nor are those
// that only say what is to be behind a claim: whoever makes its volume looks at the claim.
ApiObject read_api_object(nlohmann::json object);

// The merge patch that makes one object of another; null where nothing is to be changed (RFC 7396).
nlohmann::json merge_diff(const nlohmann::json& from, const nlohmann::json& to);

// The merge patch of status that says what this agent has to say, and leaves alone what others do:
// fields that it does not write, conditions of types that it does not have. Null where it is said.
nlohmann::json status_patch(const nlohmann::json& seen, const api::SandboxStatus& wanted);

// The merge patch of spec that brings the one suspension to the other; null where they are alike.
nlohmann::json suspension_patch(const api::SandboxSpec& from, const api::SandboxSpec& to);
// The spec with such a patch in place.
void apply_suspension(const nlohmann::json& patch, api::SandboxSpec& spec);

// All that is wrong with it, "; " between; where that is longer than 4 KiB, how many more there
// are.
std::string refusal_of(const std::vector<api::Finding>& findings);

// What a Sandbox that this agent cannot run says of itself.
api::SandboxStatus refusal_status(const ApiObject& object, const api::Time& now);

}  // namespace sandboxlet::agent
