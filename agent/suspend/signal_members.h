#pragma once

#include <sys/types.h>

#include <functional>
#include <vector>

#include "base/result.h"

namespace sandboxlet::agent {

// Sends signal to those of the processes that is_member still says yes to. A process number that
// was given away meanwhile does no harm: the question is asked, and the signal sent, while the
// process is held by a pidfd.
Result<> signal_members(const std::vector<pid_t>& pids, int signal,
                        const std::function<Result<bool>(pid_t)>& is_member);

}  // namespace sandboxlet::agent
