#pragma once

#include <string>

#include "api/meta.h"

namespace sandboxlet::api {

// Scheduled True: bound to that node since. The shim writes it with the binding, the agent keeps
// it.
Condition scheduled(const std::string& node_name, int64_t generation);

// Scheduled False: the binding was taken away, for that reason.
Condition unscheduled(std::string reason, std::string message, int64_t generation);

}  // namespace sandboxlet::api
