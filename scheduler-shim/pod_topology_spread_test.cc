#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduler-shim/testing/cluster.h"

namespace sandboxlet::scheduler {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Nodes a1, a2 in zone a, b1 in zone b and x in none; patch is merged into the constraint.
class PodTopologySpreadTest : public testing::Test {
 protected:
  PodTopologySpreadTest() {
    cluster.add_node_in("a", "a1");
    cluster.add_node_in("a", "a2");
    cluster.add_node_in("b", "b1");
    cluster.add_node("x");
  }

  static TestSandbox spread(const std::string& name, const Json& patch = Json::object()) {
    Json constraint = json(R"({"topologyKey": "zone", "maxSkew": 1,
        "whenUnsatisfiable": "DoNotSchedule", "labelSelector": {"matchLabels": {"app": "dev"}}})");
    constraint.merge_patch(patch);
    return {name, {{"topologySpreadConstraints", {constraint}}}, {{"app", "dev"}}};
  }

  void bind(const std::string& name, const std::string& node) {
    cluster.bind({name, Json::object(), {{"app", "dev"}}}, node);
  }

  TestCluster cluster;
};

TEST_F(PodTopologySpreadTest, AnyDomainWillDoAtFirst) {
  EXPECT_THAT(cluster.feasible(spread("s")), ElementsAre("a1", "a2", "b1"));
}

TEST_F(PodTopologySpreadTest, NoDomainGetsAheadByMoreThanTheSkew) {
  bind("1", "a1");
  EXPECT_THAT(cluster.feasible(spread("s")), ElementsAre("b1"));
  EXPECT_THAT(cluster.feasible(spread("s", {{"maxSkew", 2}})), ElementsAre("a1", "a2", "b1"));
  bind("2", "b1");
  EXPECT_THAT(cluster.feasible(spread("s")), ElementsAre("a1", "a2", "b1"));
}

TEST_F(PodTopologySpreadTest, SaysWhyInUpstreamsWords) {
  bind("1", "a1");
  cluster.cache.remove_node("b1");
  bind("2", "a1");
  cluster.add_node_in("b", "b1");
  cluster.add_node("b1", json(R"({"metadata": {"labels": {"zone": "b"}},
                                  "spec": {"unschedulable": true}})"));
  const Decision decision = cluster.decide(spread("s"));
  EXPECT_EQ(decision.message,
            "0/4 nodes are available: 1 node(s) didn't match pod topology spread constraints "
            "(missing required label), 1 node(s) were unschedulable, 2 node(s) didn't match pod "
            "topology spread constraints.");
  EXPECT_EQ(decision.wakes, kNodeChanged | kSandboxGone | kSandboxCame);
}

TEST_F(PodTopologySpreadTest, CountsOnlyItsNamespaceAndWhatIsNotGoing) {
  cluster.bind({"1", Json::object(), {{"app", "dev"}}, "other"}, "a1");
  cluster.bind({"2",
                Json::object(),
                {{"app", "dev"}},
                "default",
                json(R"({"metadata": {"deletionTimestamp": "2026-01-02T03:04:05Z"}})")},
               "a1");
  cluster.bind({"3", Json::object(), {{"app", "other"}}}, "a1");
  EXPECT_THAT(cluster.feasible(spread("s")), ElementsAre("a1", "a2", "b1"));
}

TEST_F(PodTopologySpreadTest, OneThatItsOwnSelectorMissesDoesNotCountItself) {
  bind("1", "a1");
  TestSandbox other = spread("s");
  other.labels = {};
  EXPECT_THAT(cluster.feasible(other), ElementsAre("a1", "a2", "b1"));
}

TEST_F(PodTopologySpreadTest, WithoutASelectorItCountsNothing) {
  bind("1", "a1");
  EXPECT_THAT(cluster.feasible(spread("s", {{"labelSelector", nullptr}})),
              ElementsAre("a1", "a2", "b1"));
}

TEST_F(PodTopologySpreadTest, TooFewDomainsCountAsOneThatIsEmpty) {
  bind("1", "a1");
  bind("2", "b1");
  EXPECT_THAT(cluster.feasible(spread("s", {{"minDomains", 2}})), ElementsAre("a1", "a2", "b1"));
  EXPECT_THAT(cluster.feasible(spread("s", {{"minDomains", 3}})), IsEmpty());
}

TEST_F(PodTopologySpreadTest, ADomainThatAffinityRulesOutDoesNotHoldOthersDown) {
  bind("1", "a1");
  TestSandbox only_a = spread("s");
  only_a.pod_spec["nodeSelector"] = {{"zone", "a"}};
  EXPECT_THAT(cluster.feasible(only_a), ElementsAre("a1", "a2"));
  only_a.pod_spec["topologySpreadConstraints"][0]["nodeAffinityPolicy"] = "Ignore";
  EXPECT_THAT(cluster.feasible(only_a), IsEmpty());
}

TEST_F(PodTopologySpreadTest, TaintedNodesCountUnlessTaintsAreHonored) {
  bind("1", "a1");
  cluster.add_node("b1", json(R"({"metadata": {"labels": {"zone": "b"}},
      "spec": {"taints": [{"key": "k", "effect": "NoSchedule"}]}})"));
  EXPECT_THAT(cluster.feasible(spread("s")), IsEmpty());
  EXPECT_THAT(cluster.feasible(spread("s", {{"nodeTaintsPolicy", "Honor"}})),
              ElementsAre("a1", "a2"));
}

TEST_F(PodTopologySpreadTest, MatchLabelKeysCountOnlyTheSameRevision) {
  cluster.bind({"1", Json::object(), {{"app", "dev"}, {"rev", "1"}}}, "a1");
  TestSandbox next = spread("s", {{"matchLabelKeys", {"rev"}}});
  next.labels["rev"] = "2";
  EXPECT_THAT(cluster.feasible(next), ElementsAre("a1", "a2", "b1"));
  next.labels["rev"] = "1";
  EXPECT_THAT(cluster.feasible(next), ElementsAre("b1"));
}

TEST_F(PodTopologySpreadTest, AllConstraintsMustHoldAndNodesHaveAllKeys) {
  bind("1", "a1");
  bind("2", "b1");
  TestSandbox both = spread("s");
  Json by_host = both.pod_spec["topologySpreadConstraints"][0];
  by_host["topologyKey"] = "kubernetes.io/hostname";
  both.pod_spec["topologySpreadConstraints"].push_back(by_host);
  EXPECT_THAT(cluster.feasible(both), ElementsAre("a2"));
}

}  // namespace
}  // namespace sandboxlet::scheduler
