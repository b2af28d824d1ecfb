#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "agent/container/log_rotation.h"

namespace sandboxlet::agent {

// The effects of a rotation. They block: for the pool. directory holds the logs of one container;
// kNotFound where it is gone, or what was to be worked on.

// Whether there is anything to plan: a single stat.
bool needs_rotation(const std::string& directory, uint32_t attempt, const RotationLimits& limits);
// Plans, removes and renames; answers nothing where it was too early.
Result<std::optional<Rotation>> begin_rotation(const std::string& directory, uint32_t attempt,
                                               const RotationLimits& limits, WallTime now);
// Gives the log its name back, where the runtime has not opened a new one.
Result<> undo_rotation(const std::string& directory, uint32_t attempt, const Rotation& rotation);
// Compresses them, each appearing whole. One that is still written is left for the next time.
Result<> compress_logs(const std::string& directory, const std::vector<std::string>& names,
                       const std::stop_token& stop);

}  // namespace sandboxlet::agent
