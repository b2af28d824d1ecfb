#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "api/meta.h"

namespace sandboxlet::scheduler {

// What a Sandbox says of itself while its node does not answer: that it is not ready, and what will
// become of it. A merge patch of status over that version of that object; null where it is said, or
// the Sandbox did not take traffic. Its agent takes the word back when it answers. Pure.
nlohmann::json lost_patch(const nlohmann::json& sandbox, const std::string& message,
                          const api::Time& now);

// Takes its binding away, over that version of that object, and says why: the binder looks for
// another node. One that took traffic there is not ready from then on.
nlohmann::json unbind_patch(const nlohmann::json& sandbox, const std::string& reason,
                            const std::string& message, const api::Time& now);

}  // namespace sandboxlet::scheduler
