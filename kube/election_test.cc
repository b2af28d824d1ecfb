#include "kube/election.h"

#include <gtest/gtest.h>

namespace sandboxlet::kube {
namespace {

using Json = nlohmann::json;
using std::chrono::seconds;

constexpr TimePoint kNow{std::chrono::hours(1)};
constexpr WallTime kWall{seconds(1'800'000'000)};

Json lease(const std::string& holder, const std::string& renewed) {
  return {{"metadata", {{"name", "lease"}, {"resourceVersion", renewed}}},
          {"spec",
           {{"holderIdentity", holder},
            {"leaseDurationSeconds", 15},
            {"leaseTransitions", 4},
            {"renewTime", renewed}}}};
}

Election candidate() {
  Election election;
  election.identity = "me";
  return election;
}

TEST(Election, WhatNobodyHoldsMayBeTaken) {
  Election election = candidate();
  note_lease(election, nullptr, kNow);
  EXPECT_TRUE(may_take(election, kNow));
  note_lease(election, lease("", "1"), kNow);
  EXPECT_TRUE(may_take(election, kNow));
  note_lease(election, lease("me", "2"), kNow);
  EXPECT_TRUE(may_take(election, kNow));
}

TEST(Election, AnothersLeaseRunsOutByOnesOwnClockAlone) {
  Election election = candidate();
  note_lease(election, lease("other", "1970-01-01T00:00:00Z"), kNow);
  EXPECT_FALSE(may_take(election, kNow + seconds(14)));
  note_lease(election, lease("other", "1970-01-01T00:00:02Z"), kNow + seconds(14));
  EXPECT_FALSE(may_take(election, kNow + seconds(28)));
  EXPECT_TRUE(may_take(election, kNow + seconds(29)));
}

TEST(Election, ALeaseThatIsSeenAgainUnchangedGrowsOld) {
  Election election = candidate();
  note_lease(election, lease("other", "1"), kNow);
  note_lease(election, lease("other", "1"), kNow + seconds(14));
  EXPECT_TRUE(may_take(election, kNow + seconds(15)));
}

TEST(Election, TakingItFromAnotherIsATransitionAndRenewingIsNone) {
  Election election = candidate();
  note_lease(election, lease("other", "1"), kNow);
  const Json first = taken(election, "lease", kWall);
  EXPECT_EQ(first["spec"]["holderIdentity"], "me");
  EXPECT_EQ(first["spec"]["leaseTransitions"], 5);
  EXPECT_EQ(first["metadata"]["resourceVersion"], "1");
  note_lease(election, first, kNow);
  const Json second = taken(election, "lease", kWall + seconds(2));
  EXPECT_EQ(second["spec"]["leaseTransitions"], 5);
  EXPECT_EQ(second["spec"]["acquireTime"], first["spec"]["acquireTime"]);
  EXPECT_NE(second["spec"]["renewTime"], first["spec"]["renewTime"]);
}

TEST(Election, OneThatIsLetGoOfMayBeTakenAtOnce) {
  Election leader = candidate();
  note_lease(leader, lease("me", "1"), kNow);
  Election other = candidate();
  other.identity = "other";
  note_lease(other, released(leader, kWall), kNow);
  EXPECT_TRUE(may_take(other, kNow));
}

TEST(Election, ANewLeaseHasItsNameAndNoTransition) {
  const Json fresh = taken(candidate(), "lease", kWall);
  EXPECT_EQ(fresh["metadata"]["name"], "lease");
  EXPECT_EQ(fresh["spec"]["leaseTransitions"], 0);
}

TEST(Election, ALeaseLastsAsLongAsItsHolderSays) {
  Election election;
  election.identity = "b";
  Json others = lease("a", "1");
  others["spec"]["leaseDurationSeconds"] = 3;
  note_lease(election, others, kNow);
  EXPECT_FALSE(may_take(election, kNow + seconds(2)));
  EXPECT_TRUE(may_take(election, kNow + seconds(3)));
  election.duration = seconds(6);
  EXPECT_EQ(taken(election, "lease", kWall)["spec"]["leaseDurationSeconds"], 6);
  EXPECT_EQ(renew_deadline(kLeaseDuration), seconds(10));
  EXPECT_EQ(retry_period(kLeaseDuration), seconds(2));
}

}  // namespace
}  // namespace sandboxlet::kube
