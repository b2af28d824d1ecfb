#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace sandboxlet::bench {

// The Sandbox that is measured: one counter, no volumes, no grace. The floor's pods are made from
// the same one, so that both ask the same of the runtime.
std::string manifest(const std::string& name);
nlohmann::json sandbox(const std::string& name);

}  // namespace sandboxlet::bench
