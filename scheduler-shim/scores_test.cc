#include "scheduler-shim/scores/scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduler-shim/testing/cluster.h"

namespace sandboxlet::scheduler {
namespace {

using testing::ElementsAre;
using testing::Pair;

using ByName = std::map<std::string, int64_t>;

// What each node gets from the score; nothing where the score is the same for all.
ByName scores_of(Score& score, TestCluster& cluster, const TestSandbox& sandbox) {
  const PodInfo pod = cluster.pod(sandbox);
  const Subject subject{pod, cluster.cache, cluster.cache.classes().get(pod),
                        cluster.cache.matches().matching(pod.identity)};
  const auto order = cluster.cache.nodes().order();
  std::vector<int64_t> values(order.size());
  ByName named;
  if (!score.score(subject, order, values)) return named;
  for (size_t i = 0; i < order.size(); ++i) {
    named[cluster.cache.nodes()[order[i]].name] = values[i];
  }
  return named;
}

Json requesting(const char* cpu, const char* memory) {
  return {{"containers", {{{"resources", {{"requests", {{"cpu", cpu}, {"memory", memory}}}}}}}}};
}

TEST(Scores, TheLeastAllocatedNodeIsTheBest) {
  TestCluster cluster;
  cluster.add_node("empty");
  cluster.add_node("half");
  cluster.bind({"a", requesting("500m", "500Mi")}, "half");
  const TestSandbox sandbox{"b", requesting("100m", "300Mi")};
  const auto least = make_resources_fit_score(FitStrategy::kLeastAllocated);
  EXPECT_THAT(scores_of(*least, cluster, sandbox),
              ElementsAre(Pair("empty", 80), Pair("half", 30)));
  const auto most = make_resources_fit_score(FitStrategy::kMostAllocated);
  EXPECT_THAT(scores_of(*most, cluster, sandbox), ElementsAre(Pair("empty", 20), Pair("half", 70)));
}

TEST(Scores, AFrozenSandboxWeighsAStoppedOneDoesNot) {
  TestCluster cluster;
  cluster.add_node("frozen");
  cluster.add_node("stopped");
  const auto suspended = [](const char* depth) {
    return Json{{"spec", {{"pause", true}}},
                {"status", {{"suspend", {{"depth", depth}, {"reason", "User"}}}}}};
  };
  cluster.bind({"a", requesting("500m", "500Mi"), {}, "default", suspended("Freeze")}, "frozen");
  cluster.bind({"b", requesting("500m", "500Mi"), {}, "default", suspended("Stop")}, "stopped");
  const auto least = make_resources_fit_score(FitStrategy::kLeastAllocated);
  EXPECT_THAT(scores_of(*least, cluster, {"c", requesting("100m", "100Mi")}),
              ElementsAre(Pair("frozen", 40), Pair("stopped", 90)));
}

TEST(Scores, BalanceIsWhatTheSandboxMendsOfIt) {
  TestCluster cluster;
  cluster.add_node("even");
  cluster.add_node("cpu-heavy");
  cluster.bind({"a", requesting("500m", "0")}, "cpu-heavy");
  const auto score = make_balanced_allocation_score();
  // On the empty node deviation goes from 0 to 20%, on the other one from 25% to 5%.
  EXPECT_THAT(scores_of(*score, cluster, {"b", requesting("0", "400Mi")}),
              ElementsAre(Pair("cpu-heavy", 85), Pair("even", 65)));
  EXPECT_THAT(scores_of(*score, cluster, {"b", requesting("0", "0")}), testing::IsEmpty());
}

TEST(Scores, TaintsThatDissuadeCount) {
  TestCluster cluster;
  cluster.add_node("clean");
  const auto score = make_taint_toleration_score();
  EXPECT_THAT(scores_of(*score, cluster, {"a"}), testing::IsEmpty());
  cluster.add_node("one", json(R"({"spec": {"taints": [
      {"key": "a", "effect": "PreferNoSchedule"}]}})"));
  cluster.add_node("two", json(R"({"spec": {"taints": [
      {"key": "a", "effect": "PreferNoSchedule"}, {"key": "b", "effect": "PreferNoSchedule"}]}})"));
  EXPECT_THAT(scores_of(*score, cluster, {"a"}),
              ElementsAre(Pair("clean", 100), Pair("one", 50), Pair("two", 0)));
  const Json tolerant = json(R"({"tolerations": [{"key": "b", "operator": "Exists"}]})");
  EXPECT_THAT(scores_of(*score, cluster, {"a", tolerant}),
              ElementsAre(Pair("clean", 100), Pair("one", 0), Pair("two", 0)));
  cluster.cache.remove_node("one");
  cluster.add_node("two");
  EXPECT_THAT(scores_of(*score, cluster, {"a"}), testing::IsEmpty());
}

TEST(Scores, PreferredNodeAffinityAddsUp) {
  TestCluster cluster;
  cluster.add_node_in("a", "n1");
  cluster.add_node("n2", json(R"({"metadata": {"labels": {"zone": "a", "ssd": ""}}})"));
  cluster.add_node("n3");
  const Json prefers = json(R"({"affinity": {"nodeAffinity": {
      "preferredDuringSchedulingIgnoredDuringExecution": [
        {"weight": 10, "preference": {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}},
        {"weight": 30, "preference": {"matchExpressions": [{"key": "ssd", "operator": "Exists"}]}}
      ]}}})");
  const auto score = make_node_affinity_score();
  EXPECT_THAT(scores_of(*score, cluster, {"a", prefers}),
              ElementsAre(Pair("n1", 25), Pair("n2", 100), Pair("n3", 0)));
  EXPECT_THAT(scores_of(*score, cluster, {"a"}), testing::IsEmpty());
}

Json preferring(const std::string& kind, int weight) {
  const Json term = json(R"({"topologyKey": "zone",
                             "labelSelector": {"matchLabels": {"app": "db"}}})");
  return {{"affinity",
           {{kind,
             {{"preferredDuringSchedulingIgnoredDuringExecution",
               {{{"weight", weight}, {"podAffinityTerm", term}}}}}}}}};
}

class InterPodAffinityScoreTest : public testing::Test {
 protected:
  InterPodAffinityScoreTest() {
    cluster.add_node_in("a", "a");
    cluster.add_node_in("b", "b");
    cluster.add_node_in("c", "c");
  }
  TestCluster cluster;
  std::unique_ptr<Score> score = make_inter_pod_affinity_score();
};

TEST_F(InterPodAffinityScoreTest, CountsEachOfTheOthers) {
  EXPECT_THAT(scores_of(*score, cluster, {"s"}), testing::IsEmpty());
  cluster.bind({"1", Json::object(), {{"app", "db"}}}, "a");
  cluster.bind({"2", Json::object(), {{"app", "db"}}}, "b");
  cluster.bind({"3", Json::object(), {{"app", "db"}}}, "b");
  EXPECT_THAT(scores_of(*score, cluster, {"s", preferring("podAffinity", 5)}),
              ElementsAre(Pair("a", 50), Pair("b", 100), Pair("c", 0)));
  EXPECT_THAT(scores_of(*score, cluster, {"s", preferring("podAntiAffinity", 5)}),
              ElementsAre(Pair("a", 50), Pair("b", 0), Pair("c", 100)));
}

TEST_F(InterPodAffinityScoreTest, CountsWhatThoseTherePrefer) {
  cluster.bind({"1", preferring("podAffinity", 5)}, "a");
  cluster.bind({"2", preferring("podAntiAffinity", 5)}, "b");
  EXPECT_THAT(scores_of(*score, cluster, {"s", Json::object(), {{"app", "db"}}}),
              ElementsAre(Pair("a", 100), Pair("b", 0), Pair("c", 50)));
}

TEST_F(InterPodAffinityScoreTest, WhatThoseThereRequirePullsToo) {
  cluster.bind({"1", json(R"({"affinity": {"podAffinity": {
      "requiredDuringSchedulingIgnoredDuringExecution": [
        {"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "db"}}}]}}})")},
               "c");
  EXPECT_THAT(scores_of(*score, cluster, {"s", Json::object(), {{"app", "db"}}}),
              ElementsAre(Pair("a", 0), Pair("b", 0), Pair("c", 100)));
}

TEST(Scores, SoftSpreadPrefersEmptyDomainsAndNodesWithTheKey) {
  TestCluster cluster;
  cluster.add_node_in("a", "a1");
  cluster.add_node_in("a", "a2");
  cluster.add_node_in("b", "b1");
  cluster.add_node("x");
  for (const char* name : {"1", "2"}) {
    cluster.bind({name, Json::object(), {{"app", "dev"}}}, "a1");
  }
  cluster.bind({"3", Json::object(), {{"app", "dev"}}}, "b1");
  const Json spread = json(R"({"topologySpreadConstraints": [{"topologyKey": "zone", "maxSkew": 1,
      "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": {"matchLabels": {"app": "dev"}}}]})");
  // Two domains: 2 and 1 Sandboxes times ln(4), rounded to 3 and 1.
  const auto score = make_topology_spread_score();
  EXPECT_THAT(scores_of(*score, cluster, {"s", spread}),
              ElementsAre(Pair("a1", 33), Pair("a2", 33), Pair("b1", 100), Pair("x", 0)));
  EXPECT_THAT(scores_of(*score, cluster, {"s"}), testing::IsEmpty());
}

TEST(Scores, ImagesThatAreThereCountByTheirSizeAndSpread) {
  const auto with_image = [](int64_t megabytes) {
    return Json{
        {"status", {{"images", {{{"names", {"main:latest"}}, {"sizeBytes", megabytes << 20}}}}}}};
  };
  TestCluster cluster;
  cluster.add_node("big", with_image(1000));
  cluster.add_node("small", with_image(40));
  cluster.add_node("none");
  cluster.add_node("none2");
  const Json main = json(R"({"containers": [{"image": "main"}]})");
  const auto score = make_image_locality_score();
  // Half of all nodes have it, so 500 MB count of 1000, and 20 of 40, which is below the least.
  EXPECT_THAT(scores_of(*score, cluster, {"a", main}),
              ElementsAre(Pair("big", 48), Pair("none", 0), Pair("none2", 0), Pair("small", 0)));
  cluster.add_node("big");
  cluster.add_node("small");
  EXPECT_THAT(scores_of(*score, cluster, {"a", main}), testing::IsEmpty());
}

TEST(Scores, TheNodeWithItsStateOutweighsAllOthersTogether) {
  int64_t others = 0;
  for (const auto& score : make_scores(FitStrategy::kLeastAllocated)) others += score->weight();
  others -= make_state_locality_score()->weight();
  EXPECT_GT(make_state_locality_score()->weight(), others);
}

}  // namespace
}  // namespace sandboxlet::scheduler
