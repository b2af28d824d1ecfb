#pragma once

#include <random>

#include "base/clock.h"

namespace sandboxlet {

// Chance that keeps many of one kind from acting at the same moment. Seeded by the clock, so that a
// run on a manual clock is the same each time; not for secrets. Belongs to one thread.
class Jitter {
 public:
  explicit Jitter(const Clock& clock)
      : random_(
            static_cast<std::minstd_rand::result_type>(clock.wall().time_since_epoch().count())) {}

  // At least low and less than high.
  double between(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random_);
  }

 private:
  std::minstd_rand random_;
};

}  // namespace sandboxlet
