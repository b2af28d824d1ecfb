#include "scheduler-shim/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "scheduler-shim/testing/cluster.h"

namespace sandboxlet::scheduler {
namespace {

using testing::ElementsAre;

void add_nodes(TestCluster& cluster, int count) {
  for (int i = 0; i < count; ++i) cluster.add_node("n" + std::to_string(i));
}

TEST(Schedule, LooksForAsManyNodesAsUpstream) {
  for (const auto& [nodes, wanted] : std::map<size_t, size_t>{{0, 0},
                                                              {99, 99},
                                                              {100, 100},
                                                              {200, 100},
                                                              {1000, 420},
                                                              {5000, 500},
                                                              {6000, 300},
                                                              {100000, 5000}}) {
    EXPECT_EQ(nodes_to_find(nodes), wanted) << nodes;
  }
}

TEST(Schedule, WithoutNodesItSaysSo) {
  TestCluster cluster;
  const Decision decision = cluster.decide({"a"});
  EXPECT_EQ(decision.node, kNoNode);
  EXPECT_EQ(decision.message, "no nodes available to schedule pods");
  EXPECT_EQ(decision.wakes, kNodeChanged);
}

TEST(Schedule, CountsNodesByReasonSortedAsUpstreamSorts) {
  TestCluster cluster;
  for (int i = 0; i < 12; ++i) cluster.bind({"full" + std::to_string(i)}, "n0");
  add_nodes(cluster, 12);
  for (int i = 1; i < 12; ++i) {
    const bool cordoned = i > 1;
    cluster.add_node("n" + std::to_string(i),
                     cordoned ? json(R"({"spec": {"unschedulable": true}})")
                              : json(R"({"spec": {"taints": [{"key": "k", "value": "v",
                                                              "effect": "NoSchedule"}]}})"));
  }
  const Decision decision = cluster.decide({"a"});
  // Each part is sorted as text, its number included.
  EXPECT_EQ(decision.message,
            "0/12 nodes are available: 1 Insufficient cpu, 1 Insufficient memory, 1 Too many pods, "
            "1 node(s) had untolerated taint {k: v}, 10 node(s) were unschedulable.");
  EXPECT_EQ(decision.wakes, kNodeChanged | kSandboxGone);
}

TEST(Schedule, WhatCannotBePlacedAsItIsSaysWhy) {
  TestCluster cluster;
  add_nodes(cluster, 1);
  const Decision decision = cluster.decide({"a", json(R"({"runtimeClassName": "kata"})")});
  EXPECT_EQ(decision.message, "spec.podTemplate.spec.runtimeClassName: Not found: \"kata\"");
  EXPECT_EQ(decision.wakes, kNothing);
}

TEST(Schedule, TakesTheBestNode) {
  TestCluster cluster;
  add_nodes(cluster, 3);
  cluster.bind({"a"}, "n0");
  cluster.bind({"b"}, "n2");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(cluster.decide({"c"}).node_name, "n1");
}

TEST(Schedule, TakesEqualNodesInTurnAndTheSameOnesEachRun) {
  std::vector<std::vector<std::string>> runs;
  for (int run = 0; run < 2; ++run) {
    TestCluster cluster;
    add_nodes(cluster, 4);
    auto& names = runs.emplace_back();
    for (int i = 0; i < 50; ++i) names.push_back(cluster.decide({"a"}).node_name);
  }
  EXPECT_EQ(std::set<std::string>(runs[0].begin(), runs[0].end()).size(), 4U);
  EXPECT_EQ(runs[0], runs[1]);
}

TEST(Schedule, TheNodeWithItsStateIsLookedAtAndTaken) {
  TestCluster cluster;
  add_nodes(cluster, 400);
  cluster.bind({"load"}, "n7");
  const TestSandbox sandbox{
      "a",
      Json::object(),
      {},
      "default",
      json(R"({"metadata": {"annotations": {"sandboxlet.io/state-node": "n7"}}})")};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(cluster.decide(sandbox).node_name, "n7");
  cluster.add_node("n7", json(R"({"spec": {"unschedulable": true}})"));
  EXPECT_NE(cluster.decide(sandbox).node_name, "n7");
  cluster.cache.remove_node("n7");
  EXPECT_NE(cluster.decide(sandbox).node, kNoNode);
}

TEST(Schedule, GoesOnWithOtherNodesEachTime) {
  TestCluster cluster;
  add_nodes(cluster, 400);
  // The last one in turn is the best, and each decision looks at 188 only.
  const std::string best = cluster.cache.nodes()[cluster.cache.nodes().order().back()].name;
  cluster.add_node(best, json(R"({"status": {"allocatable": {"cpu": "64", "memory": "64Gi"}}})"));
  std::vector<std::string> chosen;
  for (int i = 0; i < 3; ++i) chosen.push_back(cluster.decide({"a"}).node_name);
  EXPECT_NE(chosen[0], best);
  EXPECT_NE(chosen[1], best);
  EXPECT_EQ(chosen[2], best);
}

TEST(Schedule, AChangedNodeIsJudgedAnew) {
  TestCluster cluster;
  add_nodes(cluster, 1);
  const TestSandbox sandbox{"a", json(R"({"nodeSelector": {"zone": "a"}})")};
  EXPECT_EQ(cluster.decide(sandbox).node, kNoNode);
  cluster.add_node_in("a", "n0");
  EXPECT_EQ(cluster.decide(sandbox).node_name, "n0");
  cluster.cache.remove_node("n0");
  cluster.add_node_in("b", "n0");
  EXPECT_EQ(cluster.decide(sandbox).node, kNoNode);
}

}  // namespace
}  // namespace sandboxlet::scheduler
