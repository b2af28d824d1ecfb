#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduler-shim/testing/cluster.h"

namespace sandboxlet::scheduler {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Nodes a1, a2 in zone a, b1 in zone b and x in none.
class InterPodAffinityTest : public testing::Test {
 protected:
  InterPodAffinityTest() {
    cluster.add_node_in("a", "a1");
    cluster.add_node_in("a", "a2");
    cluster.add_node_in("b", "b1");
    cluster.add_node("x");
  }

  // kind is podAffinity or podAntiAffinity; about app=db by zone, with patch merged into the term.
  static TestSandbox wanting(const std::string& kind, const Json& patch = Json::object()) {
    Json term = json(R"({"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "db"}}})");
    term.merge_patch(patch);
    return {"s",
            {{"affinity", {{kind, {{"requiredDuringSchedulingIgnoredDuringExecution", {term}}}}}}}};
  }

  static TestSandbox db(const std::string& name, const std::string& namespace_ = "default") {
    return {name, Json::object(), {{"app", "db"}}, namespace_};
  }

  TestCluster cluster;
};

TEST_F(InterPodAffinityTest, AffinityGoesWhereTheOthersAre) {
  EXPECT_THAT(cluster.feasible(wanting("podAffinity")), IsEmpty());
  cluster.bind(db("1"), "a1");
  EXPECT_THAT(cluster.feasible(wanting("podAffinity")), ElementsAre("a1", "a2"));
}

TEST_F(InterPodAffinityTest, TheFirstOfItsLikeNeedsNoOthers) {
  TestSandbox first = wanting("podAffinity");
  first.labels = {{"app", "db"}};
  EXPECT_THAT(cluster.feasible(first), ElementsAre("a1", "a2", "b1"));
  cluster.bind(db("1"), "b1");
  EXPECT_THAT(cluster.feasible(first), ElementsAre("b1"));
}

TEST_F(InterPodAffinityTest, ASandboxMustMatchAllTermsToBeAFriend) {
  TestSandbox both = wanting("podAffinity");
  auto& terms =
      both.pod_spec["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
  terms.push_back(json(R"({"topologyKey": "kubernetes.io/hostname",
                           "labelSelector": {"matchLabels": {"tier": "hot"}}})"));
  cluster.bind(db("1"), "a1");
  cluster.bind({"2", Json::object(), {{"tier", "hot"}}}, "a1");
  EXPECT_THAT(cluster.feasible(both), IsEmpty());
  cluster.bind({"3", Json::object(), {{"app", "db"}, {"tier", "hot"}}}, "a2");
  EXPECT_THAT(cluster.feasible(both), ElementsAre("a2"));
}

TEST_F(InterPodAffinityTest, AntiAffinityKeepsAwayFromOthers) {
  cluster.bind(db("1"), "a1");
  EXPECT_THAT(cluster.feasible(wanting("podAntiAffinity")), ElementsAre("b1", "x"));
}

TEST_F(InterPodAffinityTest, AntiAffinityOfThoseThereKeepsOthersAway) {
  cluster.bind(wanting("podAntiAffinity"), "a1");
  EXPECT_THAT(cluster.feasible(db("1")), ElementsAre("b1", "x"));
  EXPECT_THAT(cluster.feasible({"2"}), ElementsAre("a1", "a2", "b1", "x"));
  cluster.cache.remove_sandbox("uid-s");
  EXPECT_THAT(cluster.feasible(db("1")), ElementsAre("a1", "a2", "b1", "x"));
}

TEST_F(InterPodAffinityTest, TermsAreAboutTheirOwnNamespaceUnlessTheySayOtherwise) {
  cluster.bind(db("1", "other"), "a1");
  EXPECT_THAT(cluster.feasible(wanting("podAffinity")), IsEmpty());
  EXPECT_THAT(cluster.feasible(wanting("podAffinity", {{"namespaces", {"other"}}})),
              ElementsAre("a1", "a2"));
  EXPECT_THAT(cluster.feasible(wanting("podAffinity", {{"namespaceSelector", Json::object()}})),
              ElementsAre("a1", "a2"));
}

TEST_F(InterPodAffinityTest, NamespacesAreSelectedByTheirLabelsAsTheyChange) {
  const TestSandbox sandbox =
      wanting("podAffinity", {{"namespaceSelector", {{"matchLabels", {{"team", "blue"}}}}}});
  cluster.bind(db("1", "other"), "a1");
  EXPECT_THAT(cluster.feasible(sandbox), IsEmpty());
  cluster.cache.set_namespace("other", Labels(api::StringMap{{"team", "blue"}}));
  EXPECT_THAT(cluster.feasible(sandbox), ElementsAre("a1", "a2"));
  cluster.cache.set_namespace("other", {});
  EXPECT_THAT(cluster.feasible(sandbox), IsEmpty());
}

TEST_F(InterPodAffinityTest, MatchLabelKeysTakeTheSandboxesOwnValue) {
  TestSandbox blue = wanting("podAntiAffinity", {{"matchLabelKeys", {"team"}}});
  blue.labels = {{"team", "blue"}};
  cluster.bind({"1", Json::object(), {{"app", "db"}, {"team", "red"}}}, "a1");
  EXPECT_THAT(cluster.feasible(blue), ElementsAre("a1", "a2", "b1", "x"));
  cluster.bind({"2", Json::object(), {{"app", "db"}, {"team", "blue"}}}, "b1");
  EXPECT_THAT(cluster.feasible(blue), ElementsAre("a1", "a2", "x"));

  TestSandbox not_blue = wanting("podAntiAffinity", {{"mismatchLabelKeys", {"team"}}});
  not_blue.labels = {{"team", "blue"}};
  EXPECT_THAT(cluster.feasible(not_blue), ElementsAre("b1", "x"));
}

TEST_F(InterPodAffinityTest, SaysWhichRuleItWas) {
  cluster.cache.remove_node("x");
  cluster.cache.remove_node("a2");
  EXPECT_EQ(cluster.refusal(wanting("podAffinity")),
            "0/2 nodes are available: 2 node(s) didn't match pod affinity rules.");
  EXPECT_EQ(cluster.decide(wanting("podAffinity")).wakes, kNodeChanged | kSandboxCame);
  cluster.bind(db("1"), "a1");
  cluster.bind(db("2"), "b1");
  EXPECT_EQ(cluster.refusal(wanting("podAntiAffinity")),
            "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules.");
  cluster.cache.remove_sandbox("uid-1");
  cluster.bind(wanting("podAntiAffinity"), "a1");
  cluster.cache.remove_node("b1");
  EXPECT_EQ(cluster.refusal(db("3")),
            "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules.");
}

}  // namespace
}  // namespace sandboxlet::scheduler
