#pragma once

#include <nlohmann/json.hpp>

namespace sandboxlet::scheduler {

// Whether it answers who talks to it (api/wake.h), of a Sandbox as the API server shows it.
bool takes_traffic(const nlohmann::json& sandbox);

}  // namespace sandboxlet::scheduler
