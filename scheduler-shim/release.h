#pragma once

#include <nlohmann/json.hpp>

namespace sandboxlet::scheduler {

// The merge patch that lets a deleted Sandbox go which is on no node: no agent watches it any more,
// so none takes the nodes' finalizer off. Over that version of that object, so that it never meets
// a binding; other finalizers stay. Null where there is nothing to let go. Pure.
nlohmann::json release_patch(const nlohmann::json& sandbox);

}  // namespace sandboxlet::scheduler
