#include "api/time.h"
#include "tests/cluster/cluster_test.h"
#include "tests/rig/eventually.h"

namespace sandboxlet::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsSupersetOf;

// What a user of kubectl sees from a Sandbox's first moment to its last.
using PathTest = ClusterTest;

TEST_F(PathTest, ASandboxIsBoundRunAndToldOfAsUpstreamTells) {
  begin();
  create(counter("one"));
  ASSERT_TRUE(becomes("one", "Ready", "True"));
  const Json status = get("one")["status"];
  EXPECT_EQ(status["nodeName"], "node-1");
  EXPECT_EQ(status["podIPs"].size(), 1U);
  const Json ready = condition("one", "Ready");
  EXPECT_EQ(ready["reason"], "DependenciesReady");
  EXPECT_EQ(ready["message"], "Pod is Ready");
  const Json suspended = condition("one", "Suspended");
  EXPECT_EQ(suspended["status"], "False");
  EXPECT_EQ(suspended["reason"], "NotSuspended");
  EXPECT_EQ(suspended["message"], "Sandbox is not suspended");
  const Json scheduled = condition("one", "PodScheduled");
  EXPECT_EQ(scheduled["status"], "True");
  EXPECT_EQ(scheduled["message"], "");
  EXPECT_TRUE(eventually([&] {
    const auto events = events_of("one");
    return testing::Value(events, IsSupersetOf({"Scheduled", "Pulled", "Started"}));
  }));
}

TEST_F(PathTest, PauseAndResumeKeepTheBinding) {
  begin();
  create(counter("paused"));
  ASSERT_TRUE(becomes("paused", "Ready", "True"));
  patch("paused", {{"spec", {{"pause", true}}}});
  ASSERT_TRUE(becomes("paused", "Suspended", "True"));
  EXPECT_EQ(get("paused")["status"]["nodeName"], "node-1");
  EXPECT_EQ(get("paused")["status"]["suspend"]["depth"], "Freeze");
  EXPECT_EQ(condition("paused", "Ready")["message"], "Sandbox is suspended");
  patch("paused", {{"spec", {{"pause", false}}}});
  ASSERT_TRUE(becomes("paused", "Ready", "True"));
  EXPECT_FALSE(get("paused")["status"]["suspend"].contains("depth"));
}

TEST_F(PathTest, WhatPassesHasTheTimesOfItsBeginAndItsEnd) {
  begin();
  create(counter("passing", {{"suspend", {{"depth", "Stop"}}}}));
  ASSERT_TRUE(becomes("passing", "Ready", "True"));
  const Json bound = condition("passing", "Scheduled");
  EXPECT_EQ(bound["status"], "True");
  EXPECT_EQ(bound["message"], "Bound to node node-1");
  patch("passing", {{"spec", {{"pause", true}}}});
  ASSERT_TRUE(becomes("passing", "Suspended", "True"));
  patch("passing", {{"spec", {{"pause", false}}}});
  ASSERT_TRUE(becomes("passing", "Ready", "True"));
  for (const char* type : {"Stopping", "Resuming"}) {
    const Json passed = condition("passing", type);
    EXPECT_EQ(passed["status"], "False") << passed;
    const std::string message = passed["message"];
    const auto begun = api::parse_time(message.substr(message.rfind(' ') + 1));
    const auto ended = api::parse_time(passed["lastTransitionTime"].get<std::string>());
    ASSERT_TRUE(begun && ended) << passed;
    EXPECT_LT(*begun, *ended) << passed;
  }
  EXPECT_EQ(condition("passing", "Scheduled")["lastTransitionTime"], bound["lastTransitionTime"]);
}

TEST_F(PathTest, UpstreamsOwnSuspensionTerminates) {
  begin();
  create(counter("suspended", {{"suspend", {{"depth", "Terminate"}}}}));
  ASSERT_TRUE(becomes("suspended", "Ready", "True"));
  patch("suspended", {{"spec", {{"operatingMode", "Suspended"}}}});
  ASSERT_TRUE(becomes("suspended", "Suspended", "True"));
  const Json suspended = condition("suspended", "Suspended");
  EXPECT_EQ(suspended["reason"], "PodTerminated");
  EXPECT_EQ(suspended["message"], "Pod has been terminated. Sandbox is suspended");
  EXPECT_EQ(pods(0, "suspended"), 0U);
}

TEST_F(PathTest, DeletionEndsItBeforeTheObjectGoes) {
  begin();
  create(counter("deleted"));
  ASSERT_TRUE(becomes("deleted", "Ready", "True"));
  EXPECT_THAT(get("deleted")["metadata"]["finalizers"], Contains("sandboxlet.io/node"));
  remove("deleted");
  ASSERT_TRUE(is_gone("deleted"));
  EXPECT_EQ(pods(0, "deleted"), 0U);
}

TEST_F(PathTest, KubectlShowsWhatItsUsersExpect) {
  begin();
  create(counter("shown"));
  EXPECT_THAT(kubectl({"wait", "--for=condition=Ready", "--timeout=30s", "sandbox/shown"}),
              HasSubstr("condition met"));
  EXPECT_THAT(
      kubectl({"get", "sandbox", "shown"}),
      testing::MatchesRegex("NAME +READY +REASON +AGE\nshown +True +DependenciesReady +.*"));
  EXPECT_THAT(kubectl({"get", "sbx", "shown", "-o", "wide"}), HasSubstr("node-1"));
  EXPECT_TRUE(eventually([&] {
    return kubectl({"describe", "sandbox", "shown"}).find("Started container main") !=
           std::string::npos;
  }));
  EXPECT_THAT(kubectl({"get", "sandboxnodes"}), HasSubstr("node-1"));
}

TEST_F(PathTest, WhatFitsNowhereSaysWhyAndIsBoundOnceItFits) {
  begin();
  create(counter("picky", {{"podTemplate", {{"spec", {{"nodeSelector", {{"disk", "fast"}}}}}}}}));
  ASSERT_TRUE(becomes("picky", "PodScheduled", "False"));
  const Json scheduled = condition("picky", "PodScheduled");
  EXPECT_EQ(scheduled["reason"], "Unschedulable");
  EXPECT_EQ(scheduled["message"],
            "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.");
  EXPECT_EQ(condition("picky", "Ready")["reason"], "DependenciesNotReady");
  EXPECT_TRUE(eventually([&] {
    const auto events = events_of("picky");
    return testing::Value(events, Contains("FailedScheduling"));
  }));
  kubectl({"label", "sandboxnode", "node-1", "disk=fast"});
  EXPECT_TRUE(becomes("picky", "Ready", "True"));
}

TEST_F(PathTest, WhatThisAgentCannotDoIsRefusedByItsPath) {
  begin();
  create(counter("probed", {{"podTemplate", {{"spec", {{"shareProcessNamespace", true}}}}}}));
  ASSERT_TRUE(becomes("probed", "Ready", "False"));
  ASSERT_TRUE(
      eventually([&] { return condition("probed", "Ready")["reason"] == "UnsupportedField"; }));
  EXPECT_THAT(condition("probed", "Ready")["message"],
              HasSubstr("spec.podTemplate.spec.shareProcessNamespace: Unsupported"));
  EXPECT_EQ(pods(0, "probed"), 0U);
}

TEST_F(PathTest, AShutdownTimeWithPolicyDeleteTakesTheObjectAway) {
  begin();
  create(counter("expiring"));
  ASSERT_TRUE(becomes("expiring", "Ready", "True"));
  patch("expiring",
        {{"spec", {{"shutdownTime", "2020-01-01T00:00:00Z"}, {"shutdownPolicy", "Delete"}}}});
  EXPECT_TRUE(is_gone("expiring"));
}

}  // namespace
}  // namespace sandboxlet::test
