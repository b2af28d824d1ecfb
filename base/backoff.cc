#include "base/backoff.h"

#include <algorithm>

namespace sandboxlet {

void Backoff::fail(TimePoint now) {
  if (failures > 0 && now - last > 2 * max) failures = 0;
  delay = failures == 0 ? initial : std::min(delay * 2, max);
  ++failures;
  last = now;
}

void Backoff::reset() {
  failures = 0;
  delay = {};
}

}  // namespace sandboxlet
