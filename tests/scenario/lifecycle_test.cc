#include "tests/rig/eventually.h"
#include "tests/scenario/agent_test.h"

namespace sandboxlet::test {
namespace {

using LifecycleTest = AgentTest;

TEST_F(LifecycleTest, ASandboxIsFrozenAndGoesOnWithItsCount) {
  ASSERT_TRUE(apply(manifest("box")).ok());
  ASSERT_TRUE(becomes("box", "Ready", "True"));
  const auto uid = get("box")->metadata.uid;
  const pid_t before = pid("box");
  ASSERT_TRUE(eventually([&] { return count("box") >= 10; }));
  ASSERT_TRUE(suspend("box", "Freeze").ok());
  EXPECT_TRUE(is_frozen(uid));
  EXPECT_EQ(get("box")->status.suspend->depth, "Freeze");
  ASSERT_TRUE(resume("box").ok());
  EXPECT_FALSE(is_frozen(uid));
  EXPECT_GE(count("box"), 10);
  EXPECT_EQ(pid("box"), before);
}

TEST_F(LifecycleTest, StopKeepsTheAddressAndTerminateOnlyTheVolume) {
  ASSERT_TRUE(apply(manifest("box")).ok());
  ASSERT_TRUE(becomes("box", "Ready", "True"));
  run_in("box", {"sh", "-c", "echo kept > /home/file"});
  const auto address = get("box")->status.podIPs;
  ASSERT_TRUE(suspend("box", "Stop").ok());
  EXPECT_EQ(get("box")->status.podIPs, address);
  EXPECT_EQ(container_id("box"), "");
  ASSERT_TRUE(resume("box").ok());
  EXPECT_EQ(get("box")->status.podIPs, address);
  EXPECT_EQ(run_in("box", {"cat", "/home/file"}), "kept\n");
  ASSERT_TRUE(suspend("box", "Terminate").ok());
  EXPECT_EQ(pods(), 0);
  ASSERT_TRUE(resume("box").ok());
  EXPECT_EQ(run_in("box", {"cat", "/home/file"}), "kept\n");
}

TEST_F(LifecycleTest, AnAgentThatWasKilledTakesOverWhatRunsAndWhatIsFrozen) {
  ASSERT_TRUE(apply(manifest("runs")).ok());
  ASSERT_TRUE(apply(manifest("frozen")).ok());
  ASSERT_TRUE(becomes("runs", "Ready", "True"));
  ASSERT_TRUE(becomes("frozen", "Ready", "True"));
  const pid_t runs = pid("runs");
  const pid_t frozen = pid("frozen");
  ASSERT_TRUE(suspend("frozen", "Freeze").ok());
  const auto uid = get("frozen")->metadata.uid;
  const auto restarted = agent().kill_and_restart();
  ASSERT_TRUE(restarted) << restarted.error().message();
  EXPECT_TRUE(becomes("runs", "Ready", "True"));
  EXPECT_TRUE(becomes("frozen", "Suspended", "True"));
  EXPECT_TRUE(is_frozen(uid));
  EXPECT_EQ(pid("runs"), runs);
  ASSERT_TRUE(resume("frozen").ok());
  EXPECT_EQ(pid("frozen"), frozen);
  EXPECT_EQ(get("frozen")->status.containers.at(0).restartCount, 0);
}

TEST_F(LifecycleTest, AContainerThatEndsIsRunAgain) {
  ASSERT_TRUE(apply(manifest("box")).ok());
  ASSERT_TRUE(becomes("box", "Ready", "True"));
  kill(pid("box"), SIGKILL);
  EXPECT_TRUE(eventually([&] {
    const auto containers = get("box")->status.containers;
    return !containers.empty() && containers[0].restartCount == 1 &&
           containers[0].state == "Running";
  }));
  // kill -9 of a container's process makes its memory go, not its volume.
  EXPECT_TRUE(becomes("box", "Ready", "True"));
}

TEST_F(LifecycleTest, WhatIsDoneIsFinished) {
  auto text = manifest("job", R"("restartPolicy":"Never",)");
  text.replace(text.find(R"("imagePullPolicy")"), 0, R"("command":["sh","-c","exit 3"],)");
  ASSERT_TRUE(apply(text).ok());
  ASSERT_TRUE(becomes("job", "Finished", "True"));
  const auto container = get("job")->status.containers.at(0);
  EXPECT_EQ(container.exitCode, 3);
  EXPECT_EQ(container.state, "Terminated");
}

TEST_F(LifecycleTest, DeletingAFrozenSandboxLeavesNothing) {
  ASSERT_TRUE(apply(manifest("box")).ok());
  ASSERT_TRUE(becomes("box", "Ready", "True"));
  ASSERT_TRUE(suspend("box", "Freeze").ok());
  ASSERT_TRUE(remove("box").ok());
  EXPECT_EQ(pods(), 0);
  EXPECT_FALSE(get("box"));
}

TEST_F(LifecycleTest, WhatIsWrongIsRefusedByPathAndNothingOfItHappens) {
  auto text = manifest("box");
  text.replace(text.find(R"("containers")"), 0, R"("hostNetwork":true,)");
  const auto status = apply(text);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), testing::HasSubstr("spec.podTemplate.spec.hostNetwork"));
  EXPECT_FALSE(get("box"));
}

TEST_F(LifecycleTest, SandboxesLiveThroughTheRuntimesDeath) {
  ASSERT_TRUE(apply(manifest("runs")).ok());
  ASSERT_TRUE(apply(manifest("frozen")).ok());
  ASSERT_TRUE(becomes("runs", "Ready", "True"));
  ASSERT_TRUE(becomes("frozen", "Ready", "True"));
  const pid_t runs = pid("runs");
  const pid_t frozen = pid("frozen");
  ASSERT_TRUE(suspend("frozen", "Freeze").ok());
  ASSERT_TRUE(runtime().kill());
  // Neither needs the runtime.
  ASSERT_TRUE(suspend("runs", "Freeze").ok());
  ASSERT_TRUE(resume("runs").ok());
  ASSERT_TRUE(runtime().restart());
  ASSERT_TRUE(eventually([&] { return pid("runs") != 0; }));
  EXPECT_EQ(pid("runs"), runs);
  ASSERT_TRUE(resume("frozen").ok());
  EXPECT_EQ(pid("frozen"), frozen);
}

}  // namespace
}  // namespace sandboxlet::test
