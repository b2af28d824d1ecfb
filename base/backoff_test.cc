#include "base/backoff.h"

#include <gtest/gtest.h>

namespace sandboxlet {
namespace {

using std::chrono::seconds;

TEST(Backoff, FirstTryIsFree) { EXPECT_TRUE(Backoff{}.ready(TimePoint{})); }

TEST(Backoff, DoublesFromInitialToMax) {
  Backoff backoff{.initial = seconds(10), .max = seconds(300)};
  TimePoint now{seconds(1000)};
  for (int expected : {10, 20, 40, 80, 160, 300, 300}) {
    backoff.fail(now);
    EXPECT_EQ(backoff.next_try() - now, seconds(expected));
    EXPECT_FALSE(backoff.ready(now + seconds(expected) - Duration(1)));
    now += seconds(expected);
    EXPECT_TRUE(backoff.ready(now));
  }
}

TEST(Backoff, ForgetsAfterTwiceMaxOfQuiet) {
  Backoff backoff{.initial = seconds(10), .max = seconds(300)};
  TimePoint now{seconds(1000)};
  backoff.fail(now);
  backoff.fail(now);
  backoff.fail(now + seconds(601));
  EXPECT_EQ(backoff.delay, seconds(10));
}

TEST(Backoff, ResetMakesTheNextTryFree) {
  Backoff backoff;
  backoff.fail(TimePoint{seconds(5)});
  backoff.reset();
  EXPECT_TRUE(backoff.ready(TimePoint{seconds(5)}));
}

}  // namespace
}  // namespace sandboxlet
