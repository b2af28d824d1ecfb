#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "api/meta.h"

namespace sandboxlet::scheduler {

// What a Sandbox that is on no node says of itself: the shim owns its conditions until it is bound.
struct Unbound {
  // Asked to be suspended: it waits for that to end.
  bool suspended = false;
  bool expired = false;
  // Its gates alone hold it back.
  bool is_gated = false;
  // Why no node will do; empty where that was not found.
  std::string message;
};

// The merge patch of status that says so, over that version of that object; null where it is said.
// Reasons and messages are upstream's, the scheduler's condition kube-scheduler's. Pure.
nlohmann::json unbound_patch(const nlohmann::json& sandbox, const Unbound& unbound,
                             const api::Time& now);

// What it says of itself while it waits for a node, where it has come to say another thing of its
// Service than is so; nothing where that is right. Pure.
std::optional<Unbound> outdated(const nlohmann::json& sandbox);

}  // namespace sandboxlet::scheduler
