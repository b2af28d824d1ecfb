#pragma once

#include <string>

#include "base/result.h"

namespace sandboxlet::cri {

// The exit code in the status that ends a command's stream (metav1.Status as JSON; kubelet:
// remotecommand's v4 and v5).
Result<int> exit_code_of(const std::string& status);

}  // namespace sandboxlet::cri
