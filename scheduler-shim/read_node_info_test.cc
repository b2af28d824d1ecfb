#include "scheduler-shim/read_node_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduler-shim/testing/objects.h"

namespace sandboxlet::scheduler {
namespace {

using testing::ElementsAre;

TEST(ReadNodeInfo, ReadsAllThatMatters) {
  const auto node = read_node_info(json(R"({
      "metadata": {"name": "n", "labels": {"zone": "a"}},
      "spec": {"unschedulable": true,
               "taints": [{"key": "k", "value": "v", "effect": "NoExecute"}]},
      "status": {
        "allocatable": {"cpu": "2", "memory": "1Gi", "pods": "110", "example.com/gpu": "1"},
        "runtimeHandlers": [{"name": "runc"}, {"name": "runsc"}],
        "depths": ["Freeze", "Stop", "Checkpoint"],
        "images": [{"names": ["a:v1", "a@sha256:0"], "sizeBytes": 5000000000}],
        "conditions": [{"type": "Ready", "status": "True"}]}})"));
  ASSERT_TRUE(node.has_value()) << node.error().message();
  EXPECT_EQ(node->name, "n");
  EXPECT_EQ(*node->labels.find("zone"), "a");
  EXPECT_TRUE(node->unschedulable);
  EXPECT_TRUE(node->ready);
  EXPECT_THAT(node->taints, ElementsAre(Taint{"k", "v", TaintEffect::kNoExecute}));
  EXPECT_EQ(node->allocatable, (Resources{2000, 1 << 30, 0, 110, {{"example.com/gpu", 1}}}));
  EXPECT_THAT(node->runtime_handlers, ElementsAre("runc", "runsc"));
  EXPECT_THAT(node->depths, ElementsAre(api::Depth::kFreeze, api::Depth::kStop));
  EXPECT_THAT(node->images, ElementsAre(NodeImage{{"a:v1", "a@sha256:0"}, 5000000000}));
}

TEST(ReadNodeInfo, IsNotReadyUnlessItSaysSo) {
  EXPECT_FALSE(read_node_info(json(R"({"metadata": {"name": "n"}})"))->ready);
  EXPECT_FALSE(node_info("n", json(R"({"status": {"conditions": [
      {"type": "Ready", "status": "Unknown"}]}})"))
                   .ready);
}

TEST(ReadNodeInfo, TheCoreNodesLabelsHoldWhereTheSandboxNodeHasNone) {
  NodeInfo node = node_info("n", json(R"({"metadata": {"labels": {"disk": "fast"}}})"));
  const auto core = read_node_info(json(R"({"metadata": {"name": "n", "labels": {
      "disk": "slow", "topology.kubernetes.io/zone": "a"}}})"));
  ASSERT_TRUE(core.has_value()) << core.error().message();
  add_core_node(node, *core);
  ASSERT_NE(node.labels.find("disk"), nullptr);
  EXPECT_EQ(*node.labels.find("disk"), "fast");
  ASSERT_NE(node.labels.find("topology.kubernetes.io/zone"), nullptr);
  EXPECT_EQ(*node.labels.find("topology.kubernetes.io/zone"), "a");
}

TEST(ReadNodeInfo, TheCoreNodesCordonAndTaintsHoldBeside) {
  NodeInfo node = node_info("n", json(R"({"spec": {"taints": [
      {"key": "own", "effect": "NoSchedule"}]}})"));
  const auto core = read_node_info(json(R"({"metadata": {"name": "n"},
      "spec": {"unschedulable": true, "podCIDR": "10.0.0.0/24",
               "taints": [{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}]},
      "status": {"allocatable": {"cpu": "64"}}})"));
  ASSERT_TRUE(core.has_value()) << core.error().message();
  add_core_node(node, *core);
  EXPECT_TRUE(node.unschedulable);
  EXPECT_THAT(node.taints,
              ElementsAre(Taint{"own", "", TaintEffect::kNoSchedule},
                          Taint{"node.kubernetes.io/unreachable", "", TaintEffect::kNoExecute}));
  EXPECT_EQ(node.allocatable.milli_cpu, 1000);
  EXPECT_TRUE(node.ready);
}

TEST(ReadNodeInfo, WhatIsWrongIsToldWithItsPath) {
  EXPECT_EQ(read_node_info(json("{}")).error().message(), "metadata.name: Required value");
  EXPECT_EQ(read_node_info(node_json("n", json(R"({"status": {"allocatable": {"cpu": "x"}}})")))
                .error()
                .message()
                .substr(0, 23),
            "status.allocatable: qua");
  EXPECT_EQ(read_node_info(json("[]")).error().message(), "must be an object");
}

}  // namespace
}  // namespace sandboxlet::scheduler
