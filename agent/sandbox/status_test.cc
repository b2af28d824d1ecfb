#include "agent/sandbox/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/sandbox/testing.h"
#include "api/conditions.h"
#include "api/time.h"

namespace sandboxlet::agent {
namespace {

std::string told(const api::SandboxStatus& status, const char* type) {
  const api::Condition* const condition = api::find_condition(status.conditions, type);
  if (condition == nullptr) return "none";
  return condition->status + "/" + condition->reason + ": " + condition->message;
}

api::SandboxStatus status(const TestWorld& world, const api::SandboxStatus& previous = {}) {
  return status_of(world.situation(), previous);
}

TEST(Status, SaysWithUpstreamsWordsThatNothingIsThereYet) {
  const TestWorld world;
  EXPECT_EQ(told(status(world), "Ready"), "False/DependenciesNotReady: Pod does not exist");
  EXPECT_EQ(told(status(world), "Suspended"), "False/NotSuspended: Sandbox is not suspended");
  EXPECT_EQ(told(status(world), "PodScheduled"), "none");
  EXPECT_EQ(told(status(world), "Finished"), "none");
}

TEST(Status, IsReadyWhenAllRuns) {
  TestWorld world;
  world.converge();
  const auto now = status(world);
  EXPECT_EQ(told(now, "Ready"), "True/DependenciesReady: Pod is Ready");
  EXPECT_EQ(told(now, "PodScheduled"), "True/PodScheduled: ");
  EXPECT_THAT(now.podIPs, testing::ElementsAre("10.0.0.2"));
  EXPECT_EQ(now.containers.at(0).state, "Running");
}

TEST(Status, WaitsForTheServiceThatIsAskedFor) {
  TestWorld world;
  world.desired.spec.service = true;
  EXPECT_EQ(told(status(world), "Ready"),
            "False/DependenciesNotReady: Pod does not exist; Service does not exist");
  world.converge();
  EXPECT_EQ(told(status(world), "Ready"),
            "False/DependenciesNotReady: Pod is Ready; Service does not exist");
  api::SandboxStatus previous;
  previous.service = "box";
  const auto now = status(world, previous);
  EXPECT_EQ(told(now, "Ready"), "True/DependenciesReady: Pod is Ready; Service Exists");
  EXPECT_EQ(now.service, "box");
}

TEST(Status, TellsOfAServiceThatIsThereUnlessNoneIsWanted) {
  TestWorld world;
  world.converge();
  api::SandboxStatus previous;
  previous.service = "box";
  EXPECT_EQ(told(status(world, previous), "Ready"),
            "True/DependenciesReady: Pod is Ready; Service Exists");
  world.desired.spec.service = false;
  EXPECT_EQ(told(status(world, previous), "Ready"), "True/DependenciesReady: Pod is Ready");
}

TEST(Status, TellsWhatAContainerWaitsFor) {
  TestWorld world;
  const EnsureImage ensure{"main", 0};
  world.fail(ensure, Error(Code::kNotFound, "no such image"));
  EXPECT_EQ(status(world).containers.at(0).reason, "ErrImagePull");
  world.fail(ensure, Error(Code::kNotFound, "no such image"));
  EXPECT_EQ(status(world).containers.at(0).reason, "ImagePullBackOff");
  world.memory.failures.clear();
  world.converge();
  world.exit("main", 3);
  world.converge();
  world.exit("main", 3);
  const auto crashed = status(world).containers.at(0);
  EXPECT_EQ(crashed.reason, "CrashLoopBackOff");
  EXPECT_EQ(crashed.message, "back-off 10s restarting failed container=main");
  EXPECT_EQ(crashed.restartCount, 1);
}

TEST(Status, IsNotReadyOnceAProcessHasEndedThoughTheRuntimeDoesNotKnow) {
  TestWorld world;
  world.converge();
  world.observed.containers[0].is_ending = true;
  EXPECT_EQ(told(status(world), "Ready"),
            "False/DependenciesNotReady: Pod is Running but not Ready");
}

TEST(Status, IsNotReadyWhileAFreezeIsUnderWay) {
  TestWorld world;
  world.converge();
  begin(world.memory, Freeze{}, world.observed, world.limits, world.now);
  EXPECT_EQ(told(status(world), "Ready"),
            "False/DependenciesNotReady: Pod is Running but not Ready");
}

TEST(Status, IsNotReadyWhileAStopIsUnderWay) {
  TestWorld world;
  world.converge();
  begin(world.memory, StopContainer{"main", "main-0", {}}, world.observed, world.limits, world.now);
  EXPECT_EQ(told(status(world), "Ready"),
            "False/DependenciesNotReady: Pod is Running but not Ready");
}

TEST(Status, IsNotSuspendedWhileAThawIsUnderWay) {
  TestWorld world;
  world.converge();
  world.suspend("Freeze");
  world.converge();
  begin(world.memory, Thaw{}, world.observed, world.limits, world.now);
  EXPECT_EQ(told(status(world), "Suspended"),
            "False/Freezing: Pod is being frozen. Sandbox is suspending");
  EXPECT_FALSE(status(world).suspend);
  world.suspend("Stop");
  EXPECT_EQ(told(status(world), "Suspended"), "True/Frozen: Pod is frozen. Sandbox is suspended");
}

TEST(Status, SaysWhatKeepsASuspensionFromBeingSo) {
  TestWorld world;
  world.converge();
  world.suspend("Freeze");
  EXPECT_EQ(told(status(world), "Suspended"),
            "False/Freezing: Pod is being frozen. Sandbox is suspending");
  world.fail(Freeze{}, Error(Code::kUnavailable, "it did not freeze"));
  EXPECT_EQ(told(status(world), "Suspended"),
            "False/Freezing: Pod is being frozen. Sandbox is suspending. Error seen: it did not "
            "freeze");
}

TEST(Status, FollowsASuspensionDownTheLadder) {
  TestWorld world;
  world.converge();
  world.suspend("Freeze");
  EXPECT_EQ(told(status(world), "Suspended"),
            "False/Freezing: Pod is being frozen. Sandbox is suspending");
  EXPECT_EQ(told(status(world), "Ready"), "False/SandboxSuspended: Sandbox is suspending");
  world.converge();
  EXPECT_EQ(told(status(world), "Suspended"), "True/Frozen: Pod is frozen. Sandbox is suspended");
  EXPECT_EQ(status(world).suspend->depth, "Freeze");
  world.suspend("Stop");
  world.converge();
  EXPECT_EQ(told(status(world), "Suspended"),
            "True/Stopped: Containers have been stopped. Sandbox is suspended");
  world.suspend("Terminate");
  EXPECT_EQ(told(status(world), "Suspended"),
            "False/PodTerminating: Pod is terminating. Sandbox is suspending");
  world.converge();
  EXPECT_EQ(told(status(world), "Suspended"),
            "True/PodTerminated: Pod has been terminated. Sandbox is suspended");
  EXPECT_EQ(told(status(world), "Ready"), "False/SandboxSuspended: Sandbox is suspended");
  EXPECT_THAT(status(world).podIPs, testing::IsEmpty());
}

TEST(Status, AFrozenOneThatTheMachinesRebootEndedIsNotToldToBeFrozenOrStopped) {
  TestWorld world;
  world.converge();
  world.suspend("Freeze");
  world.converge();
  world.observed.frozen = world.observed.cgroup = false;
  world.observed.pods[0].ready = false;
  world.observed.containers[0].state = ContainerState::kExited;
  EXPECT_THAT(world.decided(), testing::IsEmpty());
  EXPECT_EQ(told(status(world), "Suspended"),
            "True/PodTerminated: Pod has been terminated. Sandbox is suspended");
  EXPECT_EQ(status(world).suspend->depth, "Terminate");
  EXPECT_THAT(status(world).podIPs, testing::IsEmpty());
}

TEST(Status, KeepsSinceWhileTheDepthStays) {
  TestWorld world;
  world.converge();
  world.suspend("Freeze");
  world.converge();
  const auto before = status(world);
  world.pass(std::chrono::minutes(1));
  EXPECT_EQ(status(world, before), before);
}

TEST(Status, SaysThatTheNodeCannotSuspendSoDeep) {
  TestWorld world;
  world.depths = {api::Depth::kTerminate};
  world.converge();
  world.suspend("Freeze");
  world.converge();
  EXPECT_THAT(told(status(world), "Suspended"), testing::StartsWith("False/DepthUnsupported"));
  EXPECT_THAT(told(status(world), "Ready"), testing::StartsWith("True/"));
}

TEST(Status, TellsHowWhatHasFinishedEnded) {
  for (const auto& [code, reason] : {std::pair{0, "PodSucceeded"}, std::pair{1, "PodFailed"}}) {
    TestWorld world;
    world.desired.spec.podTemplate.spec.restartPolicy = "Never";
    world.converge();
    world.exit("main", code);
    world.converge();
    EXPECT_THAT(told(status(world), "Finished"),
                testing::StartsWith("True/" + std::string(reason)));
    EXPECT_THAT(told(status(world), "Ready"), testing::StartsWith("False/" + std::string(reason)));
    EXPECT_EQ(status(world).containers.at(0).exitCode, code);
  }
}

TEST(Status, SaysThatTheSandboxHasExpired) {
  TestWorld world;
  world.desired.spec.shutdownTime = api::format_time(world.wall);
  world.converge();
  EXPECT_EQ(told(status(world), "Ready"), "False/SandboxExpired: Sandbox has expired");
}

TEST(Status, TellsWhatTheAgentFailsAt) {
  TestWorld world;
  world.fail(RunPodSandbox{0}, Error(Code::kUnavailable, "run pod sandbox: no route to runtime"));
  EXPECT_EQ(told(status(world), "Ready"),
            "False/ReconcilerError: Error seen: run pod sandbox: no route to runtime");
}

TEST(Status, KeepsWhatWasLastKnownWhileItLooksAnew) {
  TestWorld world;
  world.converge();
  const auto before = status(world);
  world.observed.known = false;
  EXPECT_EQ(status(world, before), before);
}

}  // namespace
}  // namespace sandboxlet::agent
