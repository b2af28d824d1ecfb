#pragma once

#include <time.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/result.h"

namespace sandboxlet::agent {

// Ends a reclaim, under way in another thread or yet to begin. For one reclaim; shared by who runs
// it and who ends it. Thread-safe.
class ReclaimStop {
 public:
  // Never blocks; what is under way ends within milliseconds, in its first look at the whole memory
  // only after that (0.1 ms for each MB).
  void stop();
  bool stopped() const { return stopped_; }

  // Runs call on this thread. From a stop on, and without one from every on, signals end the system
  // call that it is in (EINTR), again and again, as one may come just before it. They are none of
  // the process: nothing else is disturbed.
  Result<> interruptibly(Duration every, const std::function<Result<>()>& call);

 private:
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;
  // While a call is under way: signals its thread.
  std::optional<timer_t> timer_;
};

}  // namespace sandboxlet::agent
