#include <gtest/gtest.h>

#include "tests/scheduling/world.h"

namespace sandboxlet::scheduler {
namespace {

constexpr uint64_t kSeeds = 200;
constexpr int kSteps = 1000;

TEST(Scheduling, EveryDecisionAndTheCacheAreWhatTheNaiveRulesSay) {
  int decided = 0;
  int refused = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(seed);
    for (int step = 0; step < kSteps && !testing::Test::HasFailure(); ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      world.step();
      if (step % 20 == 0) world.check();
    }
    world.settle();
    world.check();
    ASSERT_FALSE(testing::Test::HasFailure());
    decided += world.decided();
    refused += world.refused();
  }
  // A world in which everything or nothing fits would test little.
  EXPECT_GT(decided, 10 * kSeeds);
  EXPECT_GT(refused, 10 * kSeeds);
}

}  // namespace
}  // namespace sandboxlet::scheduler
