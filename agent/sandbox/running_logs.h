#pragma once

#include <string>
#include <vector>

#include "agent/container/log_rotator.h"
#include "agent/sandbox/manager.h"

namespace sandboxlet::agent {

// The logs that are written now. Frozen Sandboxes are left out: they write nothing, and what the
// runtime has yet to write of them is little.
std::vector<RunningLog> running_logs(const Manager& manager, const std::string& log_root);

}  // namespace sandboxlet::agent
