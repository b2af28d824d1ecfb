#pragma once

#include "base/clock.h"

namespace sandboxlet {

// Exponential back-off of one subject, in the kubelet's way: the first try is free, then initial,
// doubled up to max; forgotten when the last failure is older than 2 * max.
// Plain data: copied with what it belongs to.
struct Backoff {
  Duration initial = std::chrono::seconds(10);
  Duration max = std::chrono::seconds(300);

  int failures = 0;
  TimePoint last{};
  Duration delay{};

  // Notes a failure at now; the next try is due at next_try().
  void fail(TimePoint now);
  void reset();
  TimePoint next_try() const { return last + delay; }
  bool ready(TimePoint now) const { return failures == 0 || now >= next_try(); }

  bool operator==(const Backoff&) const = default;
};

}  // namespace sandboxlet
