#include "scheduler-shim/eviction/cause.h"

#include <gmock/gmock.h>

#include "scheduler-shim/testing/objects.h"

namespace sandboxlet::eviction {
namespace {

using namespace std::chrono_literals;
using scheduler::NodeInfo;
using Json = nlohmann::json;
using testing::HasSubstr;

constexpr TimePoint kNow{1h};

Json sandbox(const Json& patch = Json::object()) {
  Json object{{"metadata", {{"namespace", "default"}, {"name", "box"}, {"uid", "u-1"}}},
              {"spec", {{"operatingMode", "Running"}}},
              {"status", {{"nodeName", "node-1"}}}};
  if (patch.is_object()) object.merge_patch(patch);
  return object;
}

Json with_condition(const char* type, const char* reason = "") {
  const Json condition{{"type", type}, {"status", "True"}, {"reason", reason}};
  return {{"status", {{"conditions", Json::array({condition})}}}};
}

Json tolerates(const Json& toleration) {
  return {{"spec", {{"podTemplate", {{"spec", {{"tolerations", Json::array({toleration})}}}}}}}};
}

NodeInfo node(const Json& taints = Json::array(), bool cordoned = false) {
  return scheduler::node_info("node-1",
                              {{"spec", {{"taints", taints}, {"unschedulable", cordoned}}}});
}

Json no_execute(const std::string& key) { return {{"key", key}, {"effect", "NoExecute"}}; }

EvictingNode read(const NodeInfo& core, const EvictingNode& before = {}, TimePoint now = kNow) {
  const NodeInfo ours = node();
  return read_node(&ours, &core, before, now);
}

std::optional<Cause> cause(const Json& patch, const EvictingNode& node) {
  return cause_of(read_resident(sandbox(patch), kNow), node);
}

EvictingNode drained() {
  EvictingNode node = read({.unschedulable = true});
  node.is_drained = true;
  return node;
}

TEST(Cause, ATaintThatIsNotToleratedIsOneAtOnce) {
  const auto why = cause({}, read(node(Json::array({no_execute("maintenance")}))));
  ASSERT_TRUE(why);
  EXPECT_EQ(why->due, kNow);
  EXPECT_EQ(why->reason, "NoExecuteTaint");
  EXPECT_THAT(why->message, HasSubstr("Node node-1 has the taint {maintenance: }"));
  const Json soft{{"key", "maintenance"}, {"effect", "NoSchedule"}};
  EXPECT_FALSE(cause({}, read(node(Json::array({soft})))));
}

TEST(Cause, TheEarliestOfSeveralCounts) {
  const Json timed = tolerates({{"key", "a"}, {"operator", "Exists"}, {"tolerationSeconds", 60}});
  const EvictingNode both = read(node(Json::array({no_execute("a"), no_execute("b")})));
  EXPECT_EQ(cause(timed, both)->due, kNow);
  EXPECT_EQ(cause(timed, read(node(Json::array({no_execute("a")}))))->due, kNow + 60s);
}

TEST(Cause, ATaintThatStaysGoesOnCounting) {
  const auto tainted = node(Json::array({no_execute("a")}));
  const EvictingNode before = read(tainted);
  const EvictingNode after = read(tainted, before, kNow + 30s);
  const Json timed = tolerates({{"operator", "Exists"}, {"tolerationSeconds", 60}});
  EXPECT_EQ(cause(timed, after)->due, kNow + 60s);
  const EvictingNode anew = read(tainted, read(node(), before), kNow + 30s);
  EXPECT_EQ(cause(timed, anew)->due, kNow + 90s);
}

TEST(Cause, WhoCameLaterHasItsWholeTime) {
  Resident late = read_resident(
      sandbox(tolerates({{"operator", "Exists"}, {"tolerationSeconds", 60}})), kNow + 20s);
  EXPECT_EQ(cause_of(late, read(node(Json::array({no_execute("a")}))))->due, kNow + 80s);
}

// Our agent answers, or the lease tells.
TEST(Cause, ThatTheKubeletDoesNotAnswerIsNone) {
  const auto silent = node(Json::array({no_execute(kUnreachable), no_execute(kNotReady)}));
  EXPECT_FALSE(cause({}, read(silent)));
  // An operator's own word on the SandboxNode is one.
  const EvictingNode said = read_node(&silent, nullptr, {}, kNow);
  EXPECT_EQ(cause({}, said)->due, kNow + 300s);
}

TEST(Cause, ADrainIsOneForWhatRuns) {
  EXPECT_EQ(cause({}, drained())->reason, "NodeDrained");
  EXPECT_FALSE(cause({}, read({.unschedulable = true})));
  EXPECT_FALSE(cause({{"spec", {{"pause", true}}}}, drained())) << "it is about to be suspended";
  EXPECT_FALSE(cause(with_condition("Suspended"), drained()));
}

TEST(Cause, ADrainMovesWhatSleepsAsWhatRunsWhereTrafficWouldWakeIt) {
  Json asleep = with_condition("Suspended");
  asleep["status"]["conditions"].push_back(
      {{"type", "Ready"}, {"status", "False"}, {"reason", "SandboxSuspended"}});
  asleep["status"]["suspend"] = {{"depth", "Freeze"}, {"reason", "Idle"}};
  EXPECT_EQ(cause(asleep, drained())->reason, "NodeDrained");
  EXPECT_TRUE(holds_drain(read_resident(sandbox(asleep), kNow)));
  asleep["spec"]["suspend"]["wakeOnTraffic"] = false;
  EXPECT_FALSE(cause(asleep, drained()));
  // By word: it stays, though traffic wakes it.
  asleep["spec"]["suspend"]["wakeOnTraffic"] = true;
  asleep["spec"]["pause"] = true;
  EXPECT_FALSE(cause(asleep, drained()));
  EXPECT_FALSE(holds_drain(read_resident(sandbox(asleep), kNow)));
}

TEST(Cause, ATaintIsOneForTheSuspendedToo) {
  EXPECT_TRUE(cause(with_condition("Suspended"), read(node(Json::array({no_execute("a")})))));
}

TEST(Cause, WhatIsDeletedOrOverStays) {
  const auto tainted = read(node(Json::array({no_execute("a")})));
  EXPECT_FALSE(cause({{"metadata", {{"deletionTimestamp", "2026-01-01T00:00:00Z"}}}}, tainted));
  EXPECT_FALSE(cause(with_condition("Finished"), tainted));
  EXPECT_FALSE(cause(with_condition("Ready", "SandboxExpired"), tainted));
}

TEST(HoldsDrain, WhileSomethingRuns) {
  const auto holds = [](const Json& patch) {
    return holds_drain(read_resident(sandbox(patch), kNow));
  };
  EXPECT_TRUE(holds({}));
  EXPECT_TRUE(holds({{"spec", {{"pause", true}}}})) << "it is not suspended yet";
  EXPECT_FALSE(holds(with_condition("Suspended")));
  EXPECT_FALSE(holds(with_condition("Finished")));
  Json expiring = with_condition("Ready", "SandboxExpired");
  EXPECT_FALSE(holds(expiring));
  expiring["status"]["conditions"].push_back({{"type", "Stopping"}, {"status", "True"}});
  EXPECT_TRUE(holds(expiring));
}

TEST(HoldsDrain, WhatToleratesACordonedNodeStaysThroughIt) {
  const Json tolerant = tolerates({{"key", kUnschedulable}, {"operator", "Exists"}});
  EXPECT_FALSE(holds_drain(read_resident(sandbox(tolerant), kNow)));
  EXPECT_FALSE(cause(tolerant, drained()));
}

}  // namespace
}  // namespace sandboxlet::eviction
