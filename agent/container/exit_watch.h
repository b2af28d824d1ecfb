#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>

#include "base/result.h"
#include "base/task.h"

namespace sandboxlet::agent {

// Tells when a process that is no child of ours has ended, by its pidfd: at once, without polling,
// frozen or not. on_exit runs once, on io's thread; destroying what this returns ends the watch,
// and on_exit is never called after that. kNotFound where there is no such process any more.
Result<std::shared_ptr<void>> watch_exit(asio::io_context& io, pid_t pid,
                                         std::function<void()> on_exit);

// False where there is no such process; one that has ended is there until its parent took note.
bool is_alive(pid_t pid);

}  // namespace sandboxlet::agent
