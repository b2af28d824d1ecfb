#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "base/clock.h"

namespace sandboxlet {

// A clock that stands still until advanced: tests and simulation. Timers that are due at the same
// instant fire in the order in which they were set.
class ManualClock : public Clock {
 public:
  TimePoint now() const override { return now_; }
  WallTime wall() const override { return wall_; }
  std::unique_ptr<Timer> call_at(TimePoint when, std::function<void()> callback) override;

  // Moves time on by step, running each timer that comes due on the way at its own instant.
  void advance(Duration step);
  // The next timer's instant; TimePoint::max() where none is set.
  TimePoint next() const;

 private:
  class Handle;
  using Key = std::pair<TimePoint, uint64_t>;
  struct Timers {
    std::map<Key, std::function<void()>> pending;
  };

  void set(TimePoint now);

  TimePoint now_{std::chrono::hours(1)};
  WallTime wall_{std::chrono::seconds(1'800'000'000)};
  uint64_t sequence_ = 0;
  std::shared_ptr<Timers> timers_ = std::make_shared<Timers>();
};

}  // namespace sandboxlet
