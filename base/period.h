#pragma once

#include "base/clock.h"

namespace sandboxlet {

// When time is next a multiple of period: those that look as often as each other, and at such
// times, wake the machine once for all of them.
inline TimePoint next_period(TimePoint now, Duration period) {
  return now + period - now.time_since_epoch() % period;
}

}  // namespace sandboxlet
