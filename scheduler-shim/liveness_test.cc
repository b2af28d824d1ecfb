#include "scheduler-shim/liveness.h"

#include <gmock/gmock.h>

namespace sandboxlet::scheduler {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr TimePoint kNow{std::chrono::hours(1)};

TEST(Liveness, ANodeLivesWhileItsLeaseChangesWhateverTimeStandsInIt) {
  Liveness liveness(seconds(40));
  EXPECT_TRUE(liveness.note("node", "1999-01-01T00:00:00Z", kNow));
  EXPECT_FALSE(liveness.note("node", "2099-01-01T00:00:00Z", kNow + seconds(30)));
  EXPECT_THAT(liveness.expire(kNow + seconds(69)), IsEmpty());
  EXPECT_THAT(liveness.expire(kNow + seconds(70)), ElementsAre("node"));
}

TEST(Liveness, ALeaseThatIsToldAgainUnchangedKeepsNobodyAlive) {
  Liveness liveness(seconds(40));
  liveness.note("node", "x", kNow);
  EXPECT_FALSE(liveness.note("node", "x", kNow + seconds(39)));
  EXPECT_THAT(liveness.expire(kNow + seconds(40)), ElementsAre("node"));
  EXPECT_FALSE(liveness.note("node", "x", kNow + seconds(41)));
}

TEST(Liveness, ADeathIsToldOnceAndAReturnIsTold) {
  Liveness liveness(seconds(40));
  liveness.note("node", "x", kNow);
  EXPECT_THAT(liveness.expire(kNow + seconds(50)), ElementsAre("node"));
  EXPECT_THAT(liveness.expire(kNow + seconds(60)), IsEmpty());
  EXPECT_TRUE(liveness.note("node", "y", kNow + seconds(61)));
}

TEST(Liveness, ASilenceBeginsWithTheLastChange) {
  Liveness liveness(seconds(40));
  EXPECT_FALSE(liveness.silence("node"));
  liveness.note("node", "x", kNow);
  EXPECT_FALSE(liveness.silence("node"));
  liveness.expire(kNow + seconds(50));
  EXPECT_EQ(liveness.silence("node")->renew_time, "x");
  EXPECT_EQ(liveness.silence("node")->since, kNow);
  EXPECT_FALSE(liveness.end("node", kNow + seconds(60))) << "it was dead before";
  EXPECT_EQ(liveness.silence("node")->since, kNow + seconds(60));
}

TEST(Liveness, ANodeWithoutALeaseIsSilentSinceItWasNamed) {
  Liveness liveness(seconds(40));
  liveness.expect("node", kNow);
  liveness.expect("node", kNow + seconds(9));
  EXPECT_EQ(liveness.silence("node")->since, kNow);
  EXPECT_TRUE(liveness.note("node", "x", kNow + seconds(10)));
  liveness.expect("node", kNow + seconds(11));
  EXPECT_FALSE(liveness.silence("node"));
}

TEST(Liveness, WhatCouldNotBeSeenIsForgiven) {
  Liveness liveness(seconds(40));
  liveness.note("node", "x", kNow);
  liveness.forgive(kNow + seconds(39));
  EXPECT_THAT(liveness.expire(kNow + seconds(78)), IsEmpty());
  EXPECT_THAT(liveness.expire(kNow + seconds(79)), ElementsAre("node"));
}

}  // namespace
}  // namespace sandboxlet::scheduler
