#include "scheduler-shim/cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduler-shim/testing/cluster.h"

namespace sandboxlet::scheduler {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr TimePoint kStart{std::chrono::hours(1)};

class CacheTest : public testing::Test {
 protected:
  int64_t used(const std::string& node) {
    const NodeId id = cluster.cache.nodes().find(node);
    return id == kNoNode ? -1 : cluster.cache.nodes().resources(id).requested.milli_cpu;
  }
  NodeId id(const std::string& node) { return cluster.cache.nodes().find(node); }

  TestCluster cluster;
  Cache& cache = cluster.cache;
};

TEST_F(CacheTest, CountsWhatIsBound) {
  cluster.add_node("n");
  cluster.bind({"a"}, "n");
  cluster.bind({"b"}, "n");
  EXPECT_EQ(used("n"), 200);
  cache.remove_sandbox("uid-a");
  EXPECT_EQ(used("n"), 100);
}

TEST_F(CacheTest, ANodeMayComeAfterItsSandboxes) {
  cluster.bind({"a"}, "n");
  EXPECT_THAT(cache.nodes().order(), IsEmpty());
  cluster.add_node("n");
  EXPECT_EQ(used("n"), 100);
  EXPECT_EQ(cache.nodes().order().size(), 1U);
}

TEST_F(CacheTest, ANodeThatReturnsStillHasItsSandboxes) {
  cluster.add_node("n");
  cluster.bind({"a"}, "n");
  cache.remove_node("n");
  EXPECT_EQ(cluster.refusal({"b"}), "no nodes available to schedule pods");
  cluster.add_node("n");
  EXPECT_EQ(used("n"), 100);
}

TEST_F(CacheTest, ForgetsANodeWhoseLastSandboxIsGone) {
  cluster.add_node("n");
  cluster.bind({"a"}, "n");
  cache.remove_node("n");
  cache.remove_sandbox("uid-a");
  EXPECT_EQ(id("n"), kNoNode);
  cluster.add_node("m");
  EXPECT_EQ(used("m"), 0);
  EXPECT_EQ(cache.nodes().size(), 1U);
}

TEST_F(CacheTest, AnUpdateCountsOnceAndAsItIsNow) {
  cluster.add_node("n");
  cluster.add_node("m");
  cluster.bind({"a"}, "n");
  cluster.bind({"a"}, "n");
  EXPECT_EQ(used("n"), 100);
  cluster.bind({"a"}, "m");
  EXPECT_EQ(used("n"), 0);
  EXPECT_EQ(used("m"), 100);
}

TEST_F(CacheTest, WhatHasEndedOrIsNotBoundHoldsNothing) {
  cluster.add_node("n");
  cluster.bind({"a"}, "n");
  cluster.bind({"a",
                Json::object(),
                {},
                "default",
                json(R"({"status": {"conditions": [{"type": "Finished", "status": "True"}]}})")},
               "n");
  EXPECT_EQ(used("n"), 0);
  cluster.bind({"b"}, "n");
  cache.set_sandbox(cluster.pod({"b"}));
  EXPECT_EQ(used("n"), 0);
  EXPECT_EQ(cache.sandboxes(), 0U);
}

TEST_F(CacheTest, WhatIsAssumedCountsUntilItIsForgotten) {
  cluster.add_node("n");
  cache.assume(cluster.pod({"a"}), id("n"), kStart);
  EXPECT_EQ(used("n"), 100);
  // An update of the object before its binding is seen.
  cache.set_sandbox(cluster.pod({"a"}));
  EXPECT_EQ(used("n"), 100);
  EXPECT_EQ(cache.forget("uid-a"), kSandboxGone);
  EXPECT_EQ(used("n"), 0);
  EXPECT_EQ(cache.forget("uid-a"), kNothing);
}

TEST_F(CacheTest, TheWatchConfirmsWhatIsAssumed) {
  cluster.add_node("n");
  cache.assume(cluster.pod({"a"}), id("n"), kStart);
  cluster.bind({"a"}, "n");
  EXPECT_FALSE(cache.is_assumed("uid-a"));
  EXPECT_EQ(cache.forget("uid-a"), kNothing);
  EXPECT_THAT(cache.expire(TimePoint::max()), IsEmpty());
  EXPECT_EQ(used("n"), 100);
}

TEST_F(CacheTest, TheWatchCorrectsWhatIsAssumed) {
  cluster.add_node("n");
  cluster.add_node("m");
  cache.assume(cluster.pod({"a"}), id("n"), kStart);
  cluster.bind({"a"}, "m");
  EXPECT_EQ(used("n"), 0);
  EXPECT_EQ(used("m"), 100);
}

TEST_F(CacheTest, WhatIsAssumedExpires) {
  cluster.add_node("n");
  cache.assume(cluster.pod({"a"}), id("n"), kStart + seconds(30));
  cache.assume(cluster.pod({"b"}), id("n"), kStart + seconds(40));
  EXPECT_THAT(cache.expire(kStart + seconds(29)), IsEmpty());
  EXPECT_THAT(cache.expire(kStart + seconds(30)), ElementsAre("uid-a"));
  EXPECT_EQ(used("n"), 100);
}

TEST_F(CacheTest, OneThatIsDeletedBeforeItsBindingIsSeenIsGone) {
  cluster.add_node("n");
  cache.assume(cluster.pod({"a"}), id("n"), kStart);
  EXPECT_EQ(cache.remove_sandbox("uid-a"), kSandboxGone);
  EXPECT_FALSE(cache.is_assumed("uid-a"));
  EXPECT_EQ(used("n"), 0);
}

TEST_F(CacheTest, SaysWhatAnEventMayHelp) {
  EXPECT_EQ(cache.set_node(node_info("n")), kNodeChanged);
  EXPECT_EQ(cache.set_node(node_info("n")), kNothing);
  EXPECT_EQ(cache.set_node(node_info("n", json(R"({"spec": {"unschedulable": true}})"))),
            kNodeChanged);
  EXPECT_EQ(cache.set_alive("n", true), kNothing);
  EXPECT_EQ(cache.set_alive("n", false), kNodeChanged);
  EXPECT_EQ(cache.set_alive("none", false), kNothing);
  EXPECT_EQ(cache.remove_node("n"), kNodeChanged);
  EXPECT_EQ(cache.remove_node("n"), kNothing);
  const Labels labels(api::StringMap{{"team", "blue"}});
  EXPECT_EQ(cache.set_namespace("default", labels), kSandboxCame | kSandboxGone);
  EXPECT_EQ(cache.set_namespace("default", labels), kNothing);
  EXPECT_EQ(cache.set_namespace("other", {}), kNothing);
}

TEST_F(CacheTest, SaysWhatAnEventOfASandboxMayHelp) {
  cluster.add_node("n");
  EXPECT_EQ(cache.set_sandbox(cluster.pod({"a"})), kNothing);
  EXPECT_EQ(cache.assume(cluster.pod({"a"}), id("n"), kStart), kSandboxCame);
  PodInfo bound = cluster.pod({"a"});
  bound.node_name = "n";
  EXPECT_EQ(cache.set_sandbox(bound), kNothing);
  bound.depth = api::Depth::kStop;
  EXPECT_EQ(cache.set_sandbox(bound), kSandboxCame | kSandboxGone);
  EXPECT_EQ(cache.remove_sandbox("uid-a"), kSandboxGone);
  EXPECT_EQ(cache.remove_sandbox("uid-a"), kNothing);
}

TEST_F(CacheTest, ImagesAreKnownOnceForAllNodes) {
  const auto with = [](const char* names) {
    return Json{{"status", {{"images", {{{"names", json(names)}, {"sizeBytes", 5}}}}}}};
  };
  cluster.add_node("n", with(R"(["a", "b"])"));
  cluster.add_node("m", with(R"(["a"])"));
  EXPECT_EQ(cache.images().holders("a").size(), 2U);
  cluster.add_node("n", with(R"(["b", "c"])"));
  EXPECT_THAT(cache.images().holders("a"), ElementsAre(ImageIndex::Holder{id("m"), 5}));
  EXPECT_THAT(cache.images().holders("c"), ElementsAre(ImageIndex::Holder{id("n"), 5}));
  cache.remove_node("n");
  EXPECT_THAT(cache.images().holders("b"), IsEmpty());
}

TEST_F(CacheTest, DoesNotKeepWhatNoSandboxUses) {
  cluster.add_node_in("a", "n");
  for (int i = 0; i < 500; ++i) {
    const std::string app = "app-" + std::to_string(i);
    cluster.bind({"s",
                  {{"affinity",
                    {{"podAntiAffinity",
                      {{"requiredDuringSchedulingIgnoredDuringExecution",
                        {{{"topologyKey", "zone-" + std::to_string(i)},
                          {"labelSelector", {{"matchLabels", {{"app", app}}}}}}}}}}}}}},
                 "n");
  }
  EXPECT_LT(cache.classes().size(), 100U);
  EXPECT_LT(cache.matches().size(), 100U);
  EXPECT_LT(cache.topology().size(), 100U);
}

TEST_F(CacheTest, DoesNotKeepDomainsOfNodesThatAreGone) {
  cluster.bind({"s", json(R"({"topologySpreadConstraints": [{"topologyKey": "zone"}]})")}, "other");
  cluster.add_node_in("stays", "stays");
  for (int i = 0; i < 50; ++i) {
    const std::string name = "n" + std::to_string(i);
    cluster.add_node_in("zone-" + name, name);
    cluster.add_node_in("moved-" + name, name);
    cache.remove_node(name);
  }
  ASSERT_EQ(cache.topology().size(), 1U);
  EXPECT_LE(cache.topology().domains(0), 3U);
}

}  // namespace
}  // namespace sandboxlet::scheduler
