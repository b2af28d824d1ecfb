#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "api/meta.h"
#include "scheduler-shim/eviction/cause.h"

namespace sandboxlet::eviction {

// What the shim writes of an eviction next.
enum class Step {
  kNothing,
  // status.eviction: its agent is to end it, and says when that is done.
  kMark,
  // The cause is gone, and its agent has not begun.
  kTakeBack,
  // Its agent is done: another node may have it.
  kUnbind,
};

// is_due: there is a cause for it to leave by now.
Step next_step(const Resident& resident, bool is_due);

// The merge patch of status for that step, over that version of that object; cause: of a mark.
// Pure.
nlohmann::json patch_for(Step step, const nlohmann::json& sandbox, const Cause* cause,
                         const api::Time& now);

}  // namespace sandboxlet::eviction
