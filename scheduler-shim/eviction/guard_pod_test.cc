#include "scheduler-shim/eviction/guard_pod.h"

#include <gmock/gmock.h>

namespace sandboxlet::eviction {
namespace {

using Json = nlohmann::json;

const Occupancy kBusy{.is_drainable = true, .residents = 2, .holders = 1};

std::optional<Guard> guard(bool is_deleted = false) {
  return Guard{"node-1", "u", is_deleted, true};
}

TEST(GuardStep, ANodeWithSandboxesHasAGuard) {
  EXPECT_EQ(next_step(std::nullopt, kBusy), GuardStep::kCreate);
  EXPECT_EQ(next_step(guard(), kBusy), GuardStep::kNothing);
  EXPECT_EQ(next_step(std::nullopt, {.is_drainable = true}), GuardStep::kNothing);
  EXPECT_EQ(next_step(guard(), {.is_drainable = true}), GuardStep::kRemove);
}

TEST(GuardStep, ANodeThatNobodyCanDrainHasNone) {
  Occupancy gone = kBusy;
  gone.is_drainable = false;
  EXPECT_EQ(next_step(std::nullopt, gone), GuardStep::kNothing);
  EXPECT_EQ(next_step(guard(), gone), GuardStep::kRemove);
  EXPECT_EQ(next_step(guard(/*is_deleted=*/true), gone), GuardStep::kRelease);
}

TEST(GuardStep, ItHoldsADrainWhileSomethingRuns) {
  Occupancy cordoned = kBusy;
  cordoned.is_cordoned = true;
  EXPECT_EQ(next_step(guard(true), cordoned), GuardStep::kNothing);
  cordoned.holders = 0;
  EXPECT_EQ(next_step(guard(true), cordoned), GuardStep::kRelease);
}

TEST(GuardStep, OneThatIsDeletedWithoutADrainIsMadeAnew) {
  EXPECT_EQ(next_step(guard(true), kBusy), GuardStep::kRelease);
  EXPECT_EQ(next_step(std::nullopt, kBusy), GuardStep::kCreate);
}

TEST(GuardStep, ADrainedNodeHasANewOneOnceItIsUncordonedOrSomethingRunsThere) {
  const Occupancy drained{.is_drainable = true, .is_cordoned = true, .residents = 1};
  EXPECT_EQ(next_step(std::nullopt, drained), GuardStep::kNothing);
  Occupancy resumed = drained;
  resumed.holders = 1;
  EXPECT_EQ(next_step(std::nullopt, resumed), GuardStep::kCreate);
  Occupancy uncordoned = drained;
  uncordoned.is_cordoned = false;
  EXPECT_EQ(next_step(std::nullopt, uncordoned), GuardStep::kCreate);
}

TEST(GuardPod, IsItsNodesAndHeldByUsAlone) {
  const Json owner{{"metadata", {{"uid", "node-uid"}}}};
  Json pod = guard_pod("node-1", owner, "system", "pause");
  EXPECT_EQ(pod["spec"]["nodeName"], "node-1");
  EXPECT_EQ(pod["metadata"]["ownerReferences"][0]["uid"], "node-uid");
  EXPECT_EQ(read_guard(pod).node, "node-1");
  EXPECT_TRUE(read_guard(pod).has_finalizer);
  pod["metadata"]["finalizers"].push_back("example.com/theirs");
  const Json patch = release_guard_patch(pod);
  EXPECT_EQ(patch["metadata"]["finalizers"], Json::array({"example.com/theirs"}));
  pod.merge_patch(patch);
  EXPECT_TRUE(release_guard_patch(pod).is_null());
}

TEST(GuardPod, ItsNameIsThatOfAPodHoweverLongItsNodesIs) {
  EXPECT_EQ(guard_name("node-1"), "sandboxlet-drain-guard-node-1");
  EXPECT_LE(guard_name(std::string(253, 'a')).size(), 253U);
}

}  // namespace
}  // namespace sandboxlet::eviction
