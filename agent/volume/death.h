#pragma once

#include <cstddef>
#include <functional>

namespace sandboxlet::agent {

// Runs work in a process of its own, which is killed (SIGKILL) at its nth system call, counted from
// 0, of those that change what is on disk, mounted or attached, or that start another process.
// True where it came to its end before that; work answers whether it succeeded, and a failure is
// the test's.
bool runs_to_its_end(size_t nth, const std::function<bool()>& work);

}  // namespace sandboxlet::agent
