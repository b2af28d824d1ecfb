#include "agent/sandbox/rest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/sandbox/goal.h"
#include "agent/sandbox/status.h"
#include "agent/sandbox/testing.h"
#include "api/time.h"

namespace sandboxlet::agent {
namespace {

using api::Depth;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

// A Sandbox that runs and is suspended after ten minutes without work, on a node that can do every
// depth.
class RestTest : public testing::Test {
 protected:
  RestTest() {
    world_.depths.insert(Depth::kHibernate);
    suspend().idleTimeout = "10m";
    settle();
    work();
  }

  api::SuspendSpec& suspend() {
    auto& suspend = world_.desired.spec.suspend;
    return suspend ? *suspend : suspend.emplace();
  }
  // Brings it where it is to be, and tells of it.
  std::vector<std::string> settle() {
    auto done = world_.converge();
    world_.desired.status = status_of(world_.situation(), world_.desired.status);
    return done;
  }
  void work() { world_.memory.rest.last_work = world_.memory.rest.looked = world_.now; }
  void look_after(Duration time) {
    world_.pass(time);
    world_.memory.rest.looked = world_.now;
  }
  void fall_asleep() {
    world_.memory.rest.asleep = true;
    settle();
  }
  Depth depth() const { return rest_depth(world_.situation()); }
  const api::SuspendStatus& told() const { return *world_.desired.status.suspend; }

  TestWorld world_;
};

// ---- Idleness

TEST_F(RestTest, IsIdleOnceItWasLookedAtForSoLongWithoutWork) {
  look_after(minutes(10) - seconds(1));
  EXPECT_FALSE(is_idle(world_.situation()));
  world_.pass(seconds(1));
  EXPECT_FALSE(is_idle(world_.situation()));
  look_after({});
  EXPECT_TRUE(is_idle(world_.situation()));
}

TEST_F(RestTest, WithoutATimeoutItIsNeverIdle) {
  suspend().idleTimeout.clear();
  look_after(hours(100));
  EXPECT_FALSE(is_idle(world_.situation()));
}

TEST_F(RestTest, AnOpenStreamIsWork) {
  world_.memory.rest.held_awake = 1;
  look_after(hours(1));
  EXPECT_FALSE(is_idle(world_.situation()));
}

TEST_F(RestTest, WhatIsNotReadyIsNotIdle) {
  world_.exit("main", 1);
  settle();
  look_after(hours(1));
  world_.desired.status = status_of(world_.situation(), world_.desired.status);
  world_.observed.containers.clear();
  world_.desired.status = status_of(world_.situation(), world_.desired.status);
  EXPECT_FALSE(is_idle(world_.situation()));
}

TEST_F(RestTest, OneThatSleepsIsFrozenAndSaysWhy) {
  world_.memory.rest.asleep = true;
  EXPECT_THAT(settle(), ElementsAre("Freeze"));
  EXPECT_EQ(told().depth, "Freeze");
  EXPECT_EQ(told().reason, "Idle");
  world_.memory.rest.asleep = false;
  EXPECT_THAT(settle(), ElementsAre("Thaw"));
}

TEST_F(RestTest, OneThatSleepsGoesAsDeepAsItsSpecHasIt) {
  suspend().depth = "Hibernate";
  world_.memory.rest.asleep = true;
  EXPECT_THAT(settle(), ElementsAre("Freeze", "Hibernate"));
  EXPECT_EQ(told().depth, "Hibernate");
}

TEST_F(RestTest, TheUsersWordGoesBeforeIdleness) {
  fall_asleep();
  world_.desired.spec.operatingMode = "Suspended";
  EXPECT_EQ(rest_reason(world_.situation()), "User");
  EXPECT_EQ(depth(), Depth::kFreeze);
}

// ---- Waking

TEST_F(RestTest, WhatSleepsWakesOnTrafficUnlessItsSpecSaysNo) {
  EXPECT_FALSE(wakes_on_traffic(world_.situation()));
  fall_asleep();
  EXPECT_TRUE(wakes_on_traffic(world_.situation()));
  suspend().wakeOnTraffic = false;
  EXPECT_FALSE(wakes_on_traffic(world_.situation()));
}

TEST_F(RestTest, WhatTheUserSuspendedWakesOnTrafficOnlyWhereItsSpecSaysSo) {
  world_.desired.spec.operatingMode = "Suspended";
  settle();
  EXPECT_FALSE(wakes_on_traffic(world_.situation()));
  suspend().wakeOnTraffic = true;
  EXPECT_TRUE(wakes_on_traffic(world_.situation()));
}

TEST_F(RestTest, TrafficIsWatchedFromBeforeTheFreezeOn) {
  world_.memory.rest.asleep = true;
  const auto actions = world_.plan().actions;
  ASSERT_EQ(actions.size(), 1U);
  EXPECT_TRUE(std::get<Freeze>(actions[0]).watches_traffic);
  settle();
  EXPECT_TRUE(world_.observed.watches_traffic);
}

TEST_F(RestTest, WhatIsFoundFrozenIsWatchedLate) {
  fall_asleep();
  world_.observed.watches_traffic = false;
  EXPECT_THAT(settle(), ElementsAre("WatchTraffic"));
  EXPECT_THAT(settle(), IsEmpty());
}

TEST_F(RestTest, WhereTrafficCannotBeWatchedItIsSuspendedAllTheSame) {
  world_.memory.rest.asleep = true;
  world_.fail(WatchTraffic{}, Error(Code::kFailedPrecondition, "the node's network"));
  EXPECT_THAT(settle(), ElementsAre("Freeze"));
  EXPECT_EQ(told().depth, "Freeze");
}

TEST_F(RestTest, AThawWaitsForTheWatchThatItEnds) {
  fall_asleep();
  world_.observed.watches_traffic = false;
  begin(world_.memory, WatchTraffic{}, world_.observed, world_.limits, world_.now);
  world_.memory.rest.asleep = false;
  EXPECT_THAT(world_.decided(), IsEmpty());
}

// ---- Hibernation

TEST_F(RestTest, AThawDoesNotWaitForAHibernation) {
  suspend().depth = "Hibernate";
  fall_asleep();
  world_.observed.hibernated = false;
  begin(world_.memory, Hibernate{}, world_.observed, world_.limits, world_.now);
  EXPECT_THAT(world_.decided(), IsEmpty());
  world_.memory.rest.asleep = false;
  EXPECT_THAT(world_.decided(), ElementsAre("Thaw"));
}

TEST_F(RestTest, ALookDoesNotWaitForAHibernation) {
  fall_asleep();
  begin(world_.memory, Hibernate{}, world_.observed, world_.limits, world_.now);
  world_.observed.known = false;
  EXPECT_THAT(world_.decided(), ElementsAre("Observe"));
}

TEST_F(RestTest, AHibernationThatAThawHasEndedIsNone) {
  fall_asleep();
  fold(world_.observed, Hibernate{}, GivenBack{0, /*was_stopped=*/true});
  EXPECT_FALSE(world_.observed.hibernated);
}

TEST_F(RestTest, WhereTheNodeCannotHibernateItStaysFrozen) {
  world_.depths.erase(Depth::kHibernate);
  suspend().depth = "Hibernate";
  fall_asleep();
  EXPECT_EQ(told().depth, "Freeze");
}

// ---- Going deeper

TEST_F(RestTest, TimeMakesItDeeperStepByStep) {
  world_.deepen_after = {{Depth::kHibernate, minutes(5)}, {Depth::kStop, hours(1)}};
  fall_asleep();
  const api::Time since = told().since;
  EXPECT_EQ(world_.plan().look_again, world_.now + minutes(5));
  world_.pass(minutes(5));
  EXPECT_THAT(settle(), ElementsAre("Hibernate"));
  EXPECT_EQ(world_.plan().look_again, world_.now + minutes(55));
  world_.pass(minutes(55));
  EXPECT_THAT(settle(), Contains("StopContainer container/main"));
  EXPECT_EQ(told().depth, "Stop");
  EXPECT_EQ(told().reason, "Idle");
  EXPECT_EQ(told().since, since);
}

TEST_F(RestTest, ByItselfItGoesNoDeeperThanItsSpecLetsIt) {
  world_.deepen_after = {{Depth::kTerminate, minutes(5)}};
  suspend().deepest = "Hibernate";
  fall_asleep();
  world_.pass(hours(1));
  EXPECT_EQ(depth(), Depth::kHibernate);
  world_.memory.rest.pressed_to = Depth::kTerminate;
  EXPECT_EQ(depth(), Depth::kHibernate);
}

TEST_F(RestTest, PressureMakesItDeeperAndIsTheReason) {
  fall_asleep();
  EXPECT_EQ(depth_under_pressure(world_.situation()), Depth::kHibernate);
  world_.memory.rest.pressed_to = Depth::kHibernate;
  EXPECT_THAT(settle(), ElementsAre("Hibernate"));
  EXPECT_EQ(told().reason, "Pressure");
  suspend().deepest = "Hibernate";
  EXPECT_EQ(depth_under_pressure(world_.situation()), std::nullopt);
}

TEST_F(RestTest, PressureNeverTouchesWhatRuns) {
  EXPECT_EQ(depth_under_pressure(world_.situation()), std::nullopt);
  world_.memory.rest.pressed_to = Depth::kTerminate;
  EXPECT_EQ(depth(), Depth::kRunning);
}

// ---- After the agent's death

TEST_F(RestTest, ALaterLifeOfTheAgentLetsItSleepOn) {
  fall_asleep();
  const Rest rest = rest_of(world_.desired);
  EXPECT_TRUE(rest.asleep);
  EXPECT_EQ(rest.pressed_to, Depth::kRunning);
}

TEST_F(RestTest, WhatTheUserHasResumedSinceIsAwake) {
  world_.desired.spec.operatingMode = "Suspended";
  settle();
  world_.desired.spec.operatingMode = "Running";
  ++world_.desired.metadata.generation;
  EXPECT_FALSE(rest_of(world_.desired).asleep);
}

TEST_F(RestTest, WhatWasWokenJustBeforeTheDeathIsAwake) {
  fall_asleep();
  world_.memory.rest = rest_of(world_.desired);
  world_.observed.frozen = false;
  world_.perform(Observe{});
  EXPECT_FALSE(world_.memory.rest.asleep);
}

TEST_F(RestTest, WhatSleptOnAMachineThatWasStartedAnewRunsAgain) {
  fall_asleep();
  world_.memory.rest = rest_of(world_.desired);
  world_.observed = {};
  world_.perform(Observe{});
  EXPECT_FALSE(world_.memory.rest.asleep);
  EXPECT_THAT(settle(), Contains("RunPodSandbox"));
}

TEST_F(RestTest, WhatSleptDeeperSleepsOn) {
  suspend().depth = "Stop";
  fall_asleep();
  world_.memory.rest = rest_of(world_.desired);
  world_.perform(Observe{});
  EXPECT_TRUE(world_.memory.rest.asleep);
}

TEST_F(RestTest, WhatIsToLeaveItsNodeSleepsNoMore) {
  fall_asleep();
  world_.desired.status.eviction = api::Eviction{"NodeDrained", "why", "2026-01-02T03:04:05Z"};
  EXPECT_FALSE(rest_of(world_.desired).asleep);
}

TEST_F(RestTest, WhatPressureHasMadeDeeperStaysSo) {
  fall_asleep();
  world_.memory.rest.pressed_to = Depth::kStop;
  settle();
  EXPECT_EQ(rest_of(world_.desired).pressed_to, Depth::kStop);
}

}  // namespace
}  // namespace sandboxlet::agent
