#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace sandboxlet::agent {

// Objects as an API server shows them, for tests; a merge patch changes one.

inline constexpr char kTestNode[] = "node-1";

// "default/data-box", which waits for kTestNode to make it a volume of 1Gi.
nlohmann::json waiting_claim(const nlohmann::json& patch = nlohmann::json::object());
// The same, bound to that volume.
nlohmann::json bound_claim(const std::string& volume,
                           const nlohmann::json& patch = nlohmann::json::object());
// "sandboxlet-local-directory".
nlohmann::json test_class(const nlohmann::json& patch = nlohmann::json::object());
// "pv", 1Gi of that kind of source, bound to waiting_claim().
nlohmann::json bound_volume(const nlohmann::json& source,
                            const nlohmann::json& patch = nlohmann::json::object());

}  // namespace sandboxlet::agent
