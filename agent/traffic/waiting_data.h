#pragma once

#include <sys/types.h>

#include "base/clock.h"
#include "base/result.h"

namespace sandboxlet::agent {

// Something came for a Sandbox that its processes have not taken: a connection to accept, bytes of
// one that are unread, a UDP datagram that is no answer. For who finds a frozen Sandbox that nobody
// watched. What its processes sent each other does not count, nor does the end of a connection.
// kNotFound where the process is gone. Blocks for about half a millisecond; any thread.
Result<bool> has_waiting_data(pid_t pid);

// The same of connections alone, and of what came within that time: for who has just frozen a
// Sandbox. What its processes had left for longer they would leave on.
Result<bool> has_new_data(pid_t pid, Duration within);

}  // namespace sandboxlet::agent
