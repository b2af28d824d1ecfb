#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "base/task.h"

namespace sandboxlet {

using Duration = std::chrono::nanoseconds;
// Monotonic; goes on while a Sandbox is frozen and is never written to disk.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;
// Seconds since the epoch, UTC; what status and events carry.
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

// A timer under way. Destroying it cancels: after that its callback never runs.
class Timer {
 public:
  virtual ~Timer() = default;
};

// Time as the core sees it: the system's, or in tests one that stands still until told.
// Belongs to the core thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
  virtual WallTime wall() const = 0;
  // Runs callback on the core thread, from its event loop, at when or soon after.
  virtual std::unique_ptr<Timer> call_at(TimePoint when, std::function<void()> callback) = 0;

  std::unique_ptr<Timer> call_after(Duration delay, std::function<void()> callback) {
    return call_at(now() + delay, std::move(callback));
  }
  // Resumes the calling coroutine, which runs on io, after delay.
  Task<void> sleep(Duration delay);
};

// The machine's clocks, timers on io.
std::unique_ptr<Clock> make_system_clock(asio::io_context& io);

}  // namespace sandboxlet
