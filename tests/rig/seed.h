#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

namespace sandboxlet::test {

// Where a random test begins: SANDBOXLET_SEED where it is set, to have a run again; else any.
// Printed, with how to repeat it.
inline uint64_t seed_of_this_run() {
  const char* const told = std::getenv("SANDBOXLET_SEED");
  const uint64_t seed = told != nullptr ? std::stoull(told) : std::random_device()();
  std::cout << "SANDBOXLET_SEED=" << seed << std::endl;
  return seed;
}

}  // namespace sandboxlet::test
