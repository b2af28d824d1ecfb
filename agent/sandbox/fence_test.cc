#include <gmock/gmock.h>

#include "agent/sandbox/status.h"
#include "agent/sandbox/testing.h"
#include "api/conditions.h"

namespace sandboxlet::agent {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

// One that runs, and five seconds to be frozen in.
TestWorld fenced() {
  TestWorld world;
  world.converge();
  world.fence = world.now + seconds(5);
  return world;
}

const api::Condition& ready(const api::SandboxStatus& status) {
  return *api::find_condition(status.conditions, "Ready");
}

TEST(Fence, FreezesWhatRunsAndLetsItGoOnAfterwards) {
  TestWorld world = fenced();
  EXPECT_THAT(world.converge(), ElementsAre("Freeze"));
  world.pass(seconds(10));
  EXPECT_THAT(world.converge(), IsEmpty());
  world.fence.reset();
  EXPECT_THAT(world.converge(), ElementsAre("Thaw"));
}

TEST(Fence, IsNoSuspension) {
  TestWorld world = fenced();
  world.converge();
  const auto status = status_of(world.situation(), {});
  EXPECT_EQ(ready(status).status, "False");
  EXPECT_EQ(ready(status).reason, "NodeUnreachable");
  EXPECT_FALSE(api::is_true(status.conditions, "Suspended"));
  EXPECT_FALSE(status.suspend);
}

TEST(Fence, KillsInTimeWhatCannotBeFrozen) {
  TestWorld world = fenced();
  world.limits.other = {seconds(60), seconds(60)};
  world.fail(Freeze{}, Error(Code::kFailedPrecondition, "it did not freeze"));
  EXPECT_THAT(world.decided(), IsEmpty());
  EXPECT_EQ(world.plan().look_again, world.fence);
  world.pass(seconds(5));
  EXPECT_THAT(world.decided(), ElementsAre("KillAll"));
}

TEST(Fence, StartsNothing) {
  TestWorld world;
  world.fence = world.now;
  EXPECT_THAT(world.converge(), IsEmpty());
  world.fence.reset();
  world.converge();
  world.exit("main", 1);
  world.fence = world.now + seconds(5);
  EXPECT_THAT(world.converge(), IsEmpty());
}

TEST(Fence, WhatIsBoundElsewhereIsKilledAsItIs) {
  TestWorld world = fenced();
  world.converge();
  world.suspend("Terminate");
  const auto done = world.converge();
  EXPECT_THAT(done, Contains("KillAll"));
  EXPECT_THAT(done, Not(Contains("Thaw")));
  EXPECT_THAT(world.observed.pods, IsEmpty());
}

TEST(Fence, LeavesAFrozenSandboxAsItIs) {
  TestWorld world;
  world.converge();
  world.suspend("Freeze");
  world.converge();
  world.fence = world.now;
  EXPECT_THAT(world.converge(), IsEmpty());
  EXPECT_TRUE(api::is_true(status_of(world.situation(), {}).conditions, "Suspended"));
}

}  // namespace
}  // namespace sandboxlet::agent
