#include "api/time.h"
#include "tests/cluster/cluster_test.h"
#include "tests/rig/eventually.h"

namespace sandboxlet::test {
namespace {

using testing::HasSubstr;

// What goes wrong in a cluster while users go on.
using ClusterBadDaysTest = ClusterTest;

TEST_F(ClusterBadDaysTest, OneOfTwoShimsLeadsAndTheOtherTakesOverAtOnceWhenItStops) {
  begin();
  ASSERT_TRUE(eventually([&] { return shim(0).log().find(" leads") != std::string::npos; }));
  const auto second = cluster_->add_shim();
  ASSERT_TRUE(second) << second.error().message();
  create(counter("before"));
  ASSERT_TRUE(becomes("before", "Ready", "True"));
  EXPECT_THAT(shim(1).log(), testing::Not(HasSubstr(" leads")));
  const auto stopped = shim(0).stop();
  EXPECT_TRUE(stopped && *stopped == 0) << shim(0).log();
  EXPECT_TRUE(eventually([&] { return shim(1).log().find(" leads") != std::string::npos; }));
  create(counter("after"));
  EXPECT_TRUE(becomes("after", "Ready", "True"));
}

TEST_F(ClusterBadDaysTest, TheOtherShimTakesOverWhenTheLeaderIsKilled) {
  begin();
  ASSERT_TRUE(eventually([&] { return shim(0).log().find(" leads") != std::string::npos; }));
  ASSERT_TRUE(cluster_->add_shim());
  shim(0).kill();
  create(counter("killed-leader"));
  EXPECT_TRUE(becomes("killed-leader", "Ready", "True"));
}

TEST_F(ClusterBadDaysTest, ASandboxThatIsMadeAnewAtOnceIsAnother) {
  begin();
  create(counter("again"));
  ASSERT_TRUE(becomes("again", "Ready", "True"));
  const Json before = get("again");
  for (int times = 0; times < 5; ++times) {
    // By force: the object goes before the node has put anything down.
    remove("again");
    patch("again", {{"metadata", {{"finalizers", nullptr}}}});
    create(counter("again"));
    ASSERT_TRUE(becomes("again", "Ready", "True"));
  }
  EXPECT_NE(get("again")["metadata"]["uid"], before["metadata"]["uid"]);
  EXPECT_TRUE(eventually([&] { return pods(0, "again") == 1; }));
}

TEST_F(ClusterBadDaysTest, ASandboxThatIsDeletedWhileTheAgentIsAwayIsPutDownAtItsReturn) {
  begin();
  create(counter("kept"));
  create(counter("deleted"));
  create(counter("forced"));
  for (const char* name : {"kept", "deleted", "forced"}) {
    ASSERT_TRUE(becomes(name, "Ready", "True"));
  }
  const std::string uid = get("kept")["metadata"]["uid"];
  ASSERT_TRUE(node().agent->stop());
  remove("deleted");
  remove("forced");
  patch("forced", {{"metadata", {{"finalizers", nullptr}}}});
  EXPECT_FALSE(get("deleted").is_null());
  ASSERT_TRUE(node().agent->kill_and_restart());
  EXPECT_TRUE(is_gone("deleted"));
  EXPECT_TRUE(eventually([&] { return pods(0) == 1; }));
  EXPECT_EQ(get("kept")["metadata"]["uid"], uid);
  EXPECT_TRUE(becomes("kept", "Ready", "True"));
}

TEST_F(ClusterBadDaysTest, ASandboxWhoseBindingWasTakenAwayGoesWithoutItsAgent) {
  begin();
  create(counter("unbound"));
  ASSERT_TRUE(becomes("unbound", "Ready", "True"));
  ASSERT_TRUE(node().agent->stop());
  // Else it would be bound again at once.
  kubectl({"patch", "sandboxnode", "node-1", "--type=merge",
           R"(--patch={"spec": {"unschedulable": true}})"});
  patch("unbound", {{"status", {{"nodeName", nullptr}}}}, "status");
  ASSERT_TRUE(becomes("unbound", "PodScheduled", "False"));
  EXPECT_THAT(get("unbound")["metadata"]["finalizers"], testing::Contains("sandboxlet.io/node"));
  remove("unbound");
  ASSERT_TRUE(is_gone("unbound"));
  EXPECT_EQ(pods(0, "unbound"), 1U);
  ASSERT_TRUE(node().agent->kill_and_restart());
  EXPECT_TRUE(eventually([&] { return pods(0) == 0; }));
}

TEST_F(ClusterBadDaysTest, WithoutItsServerANodeRunsOnAndWhatIsDoneThereIsWrittenThroughLater) {
  begin();
  create(counter("alone"));
  ASSERT_TRUE(becomes("alone", "Ready", "True"));
  ASSERT_TRUE(api().kill());
  // Also after its own death.
  ASSERT_TRUE(node().agent->kill_and_restart());
  EXPECT_EQ(pods(0, "alone"), 1U);
  grpc::ClientContext context;
  ::sandboxlet::v1::SuspendRequest request;
  request.mutable_ref()->set_name("alone");
  ::sandboxlet::v1::SuspendResponse response;
  const grpc::Status done = node().agent->api().Suspend(&context, request, &response);
  EXPECT_TRUE(done.ok()) << done.error_message();
  EXPECT_THAT(response.object(), HasSubstr("Frozen"));
  ASSERT_TRUE(api().restart());
  EXPECT_TRUE(eventually([&] {
    const Json now = get("alone");
    return !now.is_null() && now["spec"]["operatingMode"] == "Suspended";
  }));
  EXPECT_TRUE(becomes("alone", "Suspended", "True"));
}

TEST_F(ClusterBadDaysTest, WithoutItsServerASandboxEndsAtItsShutdownTime) {
  using std::chrono::seconds;
  using std::chrono::system_clock;
  begin();
  create(counter("timed"));
  ASSERT_TRUE(becomes("timed", "Ready", "True"));
  const auto end = std::chrono::ceil<seconds>(system_clock::now()) + seconds(5);
  patch("timed", {{"spec", {{"shutdownTime", api::format_time(end)}}}});
  // Its agent knows.
  ASSERT_TRUE(becomes("timed", "Ready", "True"));
  ASSERT_TRUE(api().kill());
  EXPECT_TRUE(eventually([&] { return pods(0, "timed") == 0; }));
  EXPECT_GE(system_clock::now(), end);
  EXPECT_LT(system_clock::now(), end + seconds(4)) << "its grace is one second";
  ASSERT_TRUE(api().restart());
  EXPECT_TRUE(eventually([&] {
    const Json ready = condition("timed", "Ready");
    return !ready.is_null() && ready["reason"] == "SandboxExpired";
  }));
}

TEST_F(ClusterBadDaysTest, ATokenThatIsRotatedIsReadAnew) {
  begin();
  create(counter("rotated"));
  ASSERT_TRUE(becomes("rotated", "Ready", "True"));
  const auto rotated = cluster_->rotate_token("node-1");
  ASSERT_TRUE(rotated) << rotated.error().message();
  patch("rotated", {{"spec", {{"pause", true}}}});
  EXPECT_TRUE(becomes("rotated", "Suspended", "True"));
}

TEST_F(ClusterBadDaysTest, ANamespaceThatIsDeletedTakesItsSandboxesDown) {
  begin();
  const auto controllers = api().run_controllers({"namespace-controller"});
  ASSERT_TRUE(controllers) << controllers.error().message();
  kubectl({"create", "namespace", "doomed"});
  Json sandbox = counter("inside");
  sandbox["metadata"]["namespace"] = "doomed";
  const kube::ObjectRef all{kube::kSandboxes, "doomed", "", ""};
  ASSERT_TRUE(loop_.run(client().create(all, sandbox)));
  kubectl({"wait", "--for=condition=Ready", "--timeout=30s", "-n", "doomed", "sandbox/inside"});
  kubectl({"delete", "namespace", "doomed", "--timeout=60s"});
  EXPECT_EQ(pods(0), 0U);
}

TEST_F(ClusterBadDaysTest, AVersionThatIsCompactedAwayUnderAWatchLosesNothing) {
  begin();
  create(counter("early"));
  ASSERT_TRUE(becomes("early", "Ready", "True"));
  ASSERT_TRUE(api().kill());
  ASSERT_TRUE(api().restart());
  patch("early", {{"spec", {{"pause", true}}}});
  create(counter("late"));
  ASSERT_TRUE(api().compact_etcd());
  ASSERT_TRUE(api().kill());
  ASSERT_TRUE(api().restart());
  EXPECT_TRUE(becomes("early", "Suspended", "True"));
  EXPECT_TRUE(becomes("late", "Ready", "True"));
}

TEST_F(ClusterBadDaysTest, AStatusIsTrueInTheEndHoweverOftenOthersWriteTheObject) {
  begin();
  create(counter("busy"));
  for (int i = 0; i < 200; ++i) {
    patch("busy", {{"metadata", {{"annotations", {{"busy", std::to_string(i)}}}}},
                   {"spec", {{"pause", i % 2 == 0}}}});
  }
  EXPECT_TRUE(becomes("busy", "Ready", "True"));
  patch("busy", {{"status", {{"conditions", Json::array()}}}}, "status");
  EXPECT_TRUE(becomes("busy", "Ready", "True"));
}

}  // namespace
}  // namespace sandboxlet::test
