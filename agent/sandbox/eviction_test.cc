#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/sandbox/obstacle.h"
#include "agent/sandbox/status.h"
#include "agent/sandbox/testing.h"
#include "api/conditions.h"
#include "api/time.h"

namespace sandboxlet::agent {
namespace {

using testing::Contains;
using testing::IsEmpty;

constexpr char kSince[] = "2026-01-02T03:04:05.000006Z";

// What the agent makes of a Sandbox that is to leave its node.
class EvictionTest : public testing::Test {
 protected:
  void evict() { world_.desired.status.eviction = api::Eviction{"NodeDrained", "why", kSince}; }
  api::SandboxStatus status() const { return status_of(world_.situation(), {}); }
  std::string reason(const char* type) const {
    const auto now = status();
    const auto* const found = api::find_condition(now.conditions, type);
    return found == nullptr ? "none" : found->status + "/" + found->reason;
  }

  TestWorld world_;
};

TEST_F(EvictionTest, IsToldDoneOnlyOnceNothingIsLeft) {
  world_.converge();
  evict();
  EXPECT_EQ(reason("Ready"), "False/SandboxEvicted");
  EXPECT_EQ(reason("Suspended"), "False/NotSuspended");
  EXPECT_EQ(reason("Stopping"), "True/SandboxEvicted");
  for (auto next = world_.plan(); !next.actions.empty(); next = world_.plan()) {
    EXPECT_EQ(status().evicted, "");
    for (const auto& action : next.actions) world_.perform(action);
  }
  EXPECT_EQ(status().evicted, kSince);
  EXPECT_TRUE(world_.observed.pods.empty());
  EXPECT_FALSE(world_.observed.cgroup);
}

TEST_F(EvictionTest, IsNotDoneWhileSomethingIsUnderWay) {
  evict();
  EXPECT_EQ(status().evicted, kSince);
  begin(world_.memory, RunPodSandbox{0}, world_.observed, world_.limits, world_.now);
  EXPECT_EQ(status().evicted, "");
}

TEST_F(EvictionTest, KeepsWhatOutlivesAPod) {
  world_.converge();
  world_.observed.data_on_disk = true;
  evict();
  EXPECT_THAT(world_.converge(), testing::Not(Contains("RemoveVolumes")));
}

TEST_F(EvictionTest, WhatIsEvictedStaysDown) {
  world_.converge();
  evict();
  world_.converge();
  world_.pass(std::chrono::hours(1));
  EXPECT_THAT(world_.decided(), IsEmpty());
}

TEST_F(EvictionTest, WhatIsTakenBackRunsAgain) {
  world_.converge();
  evict();
  world_.converge();
  world_.desired.status.eviction.reset();
  world_.converge();
  EXPECT_EQ(reason("Ready"), "True/DependenciesReady");
  EXPECT_EQ(status().evicted, "");
}

TEST_F(EvictionTest, ASuspendedOneGoesToTheDepthThatKeepsNothing) {
  world_.converge();
  world_.suspend("Freeze");
  world_.converge();
  evict();
  EXPECT_EQ(reason("Stopping"), "True/SandboxEvicted");
  world_.converge();
  EXPECT_EQ(reason("Suspended"), "True/PodTerminated");
  EXPECT_EQ(status().evicted, kSince);
}

TEST_F(EvictionTest, ADeletionGoesBeforeIt) {
  world_.converge();
  evict();
  world_.desired.metadata.deletionTimestamp = api::format_time(world_.wall);
  EXPECT_EQ(reason("Stopping"), "True/SandboxDeleted");
  EXPECT_THAT(world_.converge(), Contains("Forget"));
}

// Its lease may run out before its grace does.
TEST_F(EvictionTest, AFenceGoesBeforeIt) {
  world_.converge();
  evict();
  world_.fence = world_.now + std::chrono::seconds(5);
  EXPECT_THAT(world_.decided(), testing::ElementsAre("Freeze"));
}

TEST_F(EvictionTest, AnEndOfItsMakingIsNoEndOfTheSandbox) {
  world_.desired.spec.podTemplate.spec.restartPolicy = "Never";
  world_.converge();
  evict();
  for (auto next = world_.plan(); !next.actions.empty(); next = world_.plan()) {
    for (const auto& action : next.actions) world_.perform(action);
    EXPECT_EQ(reason("Finished"), "none");
  }
  world_.memory = memory_of(status());
  EXPECT_TRUE(world_.memory.stop_survives);
}

TEST_F(EvictionTest, WhoWaitsForItToRunHearsOfIt) {
  world_.converge();
  evict();
  world_.desired.status.conditions = status().conditions;
  EXPECT_TRUE(obstacle(world_.desired, world_.memory, world_.now, world_.now));
}

}  // namespace
}  // namespace sandboxlet::agent
