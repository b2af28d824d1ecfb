#include "agent/sandbox/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/sandbox/status.h"
#include "agent/sandbox/testing.h"
#include "api/time.h"

namespace sandboxlet::agent {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

TEST(Plan, LooksBeforeItActs) {
  TestWorld world;
  world.observed.known = false;
  EXPECT_THAT(world.decided(), ElementsAre("Observe"));
}

TEST(Plan, DoesAtOnceWhatNeedsNothingElse) {
  TestWorld world;
  world.desired.spec.podTemplate.spec.volumes.emplace_back().name = "data";
  EXPECT_THAT(world.decided(), UnorderedElementsAre("CreateCgroup", "StageVolume volume/data",
                                                    "EnsureImage image/main"));
}

TEST(Plan, RunsAContainerWhenPodImageAndVolumesAreThere) {
  TestWorld world;
  EXPECT_THAT(world.converge(), ElementsAre("CreateCgroup", "EnsureImage image/main",
                                            "RunPodSandbox", "RunContainer container/main"));
  EXPECT_THAT(world.decided(), IsEmpty());
}

TEST(Plan, WaitsForAVolumeThatTheContainerMounts) {
  TestWorld world;
  auto& spec = world.desired.spec.podTemplate.spec;
  spec.volumes.emplace_back().name = "data";
  spec.containers[0].volumeMounts.emplace_back().name = "data";
  for (const auto& action : world.plan().actions) {
    if (std::holds_alternative<StageVolume>(action)) {
      world.fail(action, Error(Code::kUnavailable, "no disk"));
    }
  }
  world.converge();
  EXPECT_EQ(world.observed.container("main"), nullptr);
  EXPECT_EQ(world.plan().look_again, world.now + world.limits.other.initial);
  world.pass(world.limits.other.initial);
  EXPECT_THAT(world.converge(), Contains("RunContainer container/main"));
}

TEST(Plan, ForgetsAFailureWhenWhatWasToBeMadeIsThere) {
  TestWorld world;
  world.perform(CreateCgroup{});
  world.fail(RunPodSandbox{}, Error(Code::kDeadlineExceeded, "done none the less"));
  EXPECT_THAT(world.plan().settled, IsEmpty());
  world.observed.pods.push_back({.id = "pod-0", .ready = true, .ips = {"10.0.0.2"}});
  EXPECT_THAT(world.plan().settled, ElementsAre("pod"));
}

TEST(Plan, RemembersAContainersFailureWhileItsImageIsAskedForAgain) {
  TestWorld world;
  world.converge();
  world.exit("main", 1);
  world.fail(RunContainer{"main", 1, 1}, Error(Code::kInternal, "no such command"));
  world.observed.next_attempt["main"] = 2;
  EXPECT_THAT(world.decided(), IsEmpty());
  EXPECT_THAT(world.plan().settled, IsEmpty());
  world.pass(world.limits.crash.max);
  EXPECT_THAT(world.decided(), ElementsAre("EnsureImage image/main"));
  EXPECT_THAT(world.plan().settled, IsEmpty());
}

TEST(Plan, RestartsTheFirstTimeAtOnceAndThenHoldsBack) {
  TestWorld world;
  world.converge();
  world.exit("main", 1);
  EXPECT_THAT(world.converge(), Contains("RunContainer container/main"));
  EXPECT_EQ(world.observed.container("main")->restart_count, 1);
  world.exit("main", 1);
  EXPECT_THAT(world.converge(), Not(Contains("RunContainer container/main")));
  EXPECT_EQ(world.plan().look_again, world.now + seconds(10));
  world.pass(seconds(10));
  EXPECT_THAT(world.converge(), Contains("RunContainer container/main"));
  world.exit("main", 1);
  EXPECT_EQ(world.plan().look_again, world.now + seconds(20));
}

TEST(Plan, ForgivesAContainerThatRanWell) {
  TestWorld world;
  world.converge();
  for (int crash = 0; crash < 3; ++crash) {
    world.exit("main", 1);
    world.pass(minutes(5));
    world.converge();
  }
  world.pass(minutes(11));
  world.exit("main", 1);
  EXPECT_THAT(world.decided(), Contains("EnsureImage image/main"));
}

TEST(Plan, TimeSpentFrozenDoesNotCountForTheCrashLoop) {
  TestWorld world;
  world.desired.spec.podTemplate.spec.containers.emplace_back().name = "side";
  world.converge();
  world.exit("main", 1);
  world.converge();
  world.exit("main", 1);
  world.converge();
  world.suspend("Freeze");
  EXPECT_THAT(world.converge(), ElementsAre("Freeze"));
  world.pass(minutes(10));
  world.resume();
  EXPECT_THAT(world.converge(), ElementsAre("Thaw"));
  EXPECT_EQ(world.plan().look_again, world.now + seconds(10));
}

TEST(Plan, KeepsOneDeadContainerBesideTheOneThatRuns) {
  TestWorld world;
  world.converge();
  for (int crash = 0; crash < 3; ++crash) {
    world.exit("main", 1);
    world.pass(minutes(6));
    world.converge();
  }
  EXPECT_EQ(world.observed.containers.size(), 2);
}

TEST(Plan, KeepsNoDeadContainerThatNeverRan) {
  TestWorld world;
  world.converge();
  world.exit("main", 128);
  world.observed.containers[0].started = {};
  world.pass(minutes(6));
  world.converge();
  ASSERT_EQ(world.observed.containers.size(), 1);
  EXPECT_EQ(world.observed.containers[0].attempt, 1);
  EXPECT_EQ(world.observed.containers[0].restart_count, 1);
}

TEST(Plan, KeepsOneContainerOfThoseThatNeverRan) {
  TestWorld world;
  world.converge();
  for (int crash = 0; crash < 5; ++crash) {
    world.exit("main", 128);
    for (auto& container : world.observed.containers) container.started = {};
    world.pass(minutes(6));
    world.converge();
  }
  EXPECT_EQ(world.observed.containers.size(), 1);
  EXPECT_EQ(world.observed.container("main")->restart_count, 5);
}

TEST(Plan, StopsWhatTheTemplateNamesNoMore) {
  TestWorld world;
  world.converge();
  world.desired.spec.podTemplate.spec.containers[0].name = "app";
  EXPECT_THAT(world.converge(),
              UnorderedElementsAre("EnsureImage image/app", "StopContainer container/main",
                                   "RunContainer container/app", "RemoveContainer container/main"));
}

TEST(Plan, RemovesWhatWasCreatedAndNeverStarted) {
  TestWorld world;
  world.converge();
  world.observed.containers[0].state = ContainerState::kCreated;
  EXPECT_THAT(world.decided(), ElementsAre("RemoveContainer container/main"));
  world.converge();
  EXPECT_EQ(world.observed.container("main")->attempt, 1);
}

TEST(Plan, StopsThePodOfWhatHasFinished) {
  TestWorld world;
  world.desired.spec.podTemplate.spec.restartPolicy = "OnFailure";
  world.converge();
  world.exit("main", 0);
  EXPECT_THAT(world.decided(), ElementsAre("StopPodSandbox"));
  world.converge();
  EXPECT_EQ(world.observed.containers.size(), 1);
  EXPECT_THAT(world.decided(), IsEmpty());
}

TEST(Plan, ReplacesAPodThatDiedAndKeepsCountingRestarts) {
  TestWorld world;
  world.converge();
  world.observed.pods[0].ready = false;
  EXPECT_THAT(world.converge(),
              ElementsAre("StopPodSandbox", "Observe", "RunPodSandbox", "EnsureImage image/main",
                          "RunContainer container/main", "RemovePodSandbox"));
  EXPECT_EQ(world.observed.pods.size(), 1);
  EXPECT_EQ(world.observed.pod()->attempt, 1);
  EXPECT_EQ(world.observed.container("main")->restart_count, 1);
}

TEST(Plan, FreezesWhatRuns) {
  TestWorld world;
  world.converge();
  world.suspend("Freeze");
  EXPECT_THAT(world.converge(), ElementsAre("Freeze"));
  world.resume();
  EXPECT_THAT(world.converge(), ElementsAre("Thaw"));
}

TEST(Plan, FreezingWaitsForWhatStartsProcessesAndStartsNoMore) {
  TestWorld world;
  world.desired.spec.podTemplate.spec.containers.emplace_back().name = "side";
  world.converge();
  const RunContainer again{"side", 1, 1};
  begin(world.memory, again, world.observed, world.limits, world.now);
  world.suspend("Freeze");
  EXPECT_THAT(world.decided(), IsEmpty());
  world.memory.under_way.clear();
  EXPECT_THAT(world.decided(), ElementsAre("Freeze"));
}

TEST(Plan, AStopWaitsForAFreezeThatIsUnderWay) {
  TestWorld world;
  world.converge();
  begin(world.memory, Freeze{}, world.observed, world.limits, world.now);
  world.suspend("Stop");
  EXPECT_THAT(world.decided(), IsEmpty());
  world.perform(Freeze{});
  EXPECT_THAT(world.converge(), ElementsAre("Thaw", "StopContainer container/main",
                                            "RemoveContainer container/main"));
}

TEST(Plan, FreezingWaitsForAStopThatIsUnderWay) {
  TestWorld world;
  world.desired.spec.podTemplate.spec.containers.emplace_back().name = "side";
  world.converge();
  const StopContainer stop{"side", "side-0", seconds(30)};
  begin(world.memory, stop, world.observed, world.limits, world.now);
  world.suspend("Freeze");
  EXPECT_THAT(world.decided(), IsEmpty());
}

TEST(Plan, AResumeWaitsForWhatATerminateTakesAway) {
  for (const Action& action : {Action(UnstageVolumes{}), Action(RemoveCgroup{})}) {
    TestWorld world;
    world.converge();
    world.suspend("Terminate");
    world.converge();
    world.observed.cgroup = true;
    begin(world.memory, action, world.observed, world.limits, world.now);
    world.resume();
    EXPECT_THAT(world.decided(), IsEmpty()) << kind_of(action);
    world.memory.under_way.clear();
    EXPECT_THAT(world.decided(), Not(IsEmpty())) << kind_of(action);
  }
}

TEST(Plan, AShorterGraceHastensAStopThatIsUnderWay) {
  TestWorld world;
  world.converge();
  world.desired.metadata.deletionTimestamp = api::format_time(world.wall);
  for (const auto& action : world.plan().actions) {
    begin(world.memory, action, world.observed, world.limits, world.now);
  }
  EXPECT_THAT(world.decided(), IsEmpty());
  world.desired.metadata.deletionGracePeriodSeconds = 60;
  EXPECT_THAT(world.decided(), IsEmpty());
  world.desired.metadata.deletionGracePeriodSeconds = 1;
  // Whatever else is unknown.
  world.observed.known = false;
  const auto hasten = world.plan().actions;
  ASSERT_EQ(hasten.size(), 1);
  EXPECT_EQ(std::get<HastenStop>(hasten[0]).id, "main-0");
  EXPECT_EQ(std::get<HastenStop>(hasten[0]).grace, seconds(1));
  world.perform(hasten[0]);
  EXPECT_THAT(world.decided(), IsEmpty());
}

TEST(Plan, AFailureIsHeldBackByItsOwnKind) {
  TestWorld world;
  const EnsureImage ensure{"main", 0};
  world.fail(ensure, Error(Code::kNotFound, "no such image"));
  world.pass(seconds(10));
  world.fail(ensure, Error(Code::kUnavailable, "no runtime"));
  EXPECT_LE(world.memory.failures.at("image/main").backoff.delay, seconds(2));
  world.fail(ensure, Error(Code::kNotFound, "no such image"));
  EXPECT_EQ(world.memory.failures.at("image/main").backoff.delay, seconds(10));
}

TEST(Plan, ASandboxThatIsBornSuspendedGetsNoPod) {
  for (const char* depth : {"Freeze", "Stop", "Terminate"}) {
    TestWorld world;
    world.suspend(depth);
    EXPECT_THAT(world.converge(), IsEmpty()) << depth;
  }
}

TEST(Plan, StopKeepsThePodAndTakesTheContainers) {
  TestWorld world;
  world.converge();
  world.suspend("Stop");
  EXPECT_THAT(world.converge(),
              ElementsAre("StopContainer container/main", "RemoveContainer container/main"));
  EXPECT_TRUE(world.observed.pod()->ready);
  world.resume();
  EXPECT_THAT(world.converge(),
              ElementsAre("EnsureImage image/main", "RunContainer container/main"));
  EXPECT_EQ(world.observed.container("main")->restart_count, 0);
}

TEST(Plan, GoingDeeperFromFrozenThawsFirst) {
  TestWorld world;
  world.converge();
  world.suspend("Freeze");
  world.converge();
  world.suspend("Stop");
  EXPECT_THAT(world.converge(), ElementsAre("Thaw", "StopContainer container/main",
                                            "RemoveContainer container/main"));
}

TEST(Plan, AskingForLessThanWasReachedChangesNothing) {
  TestWorld world;
  world.converge();
  world.suspend("Terminate");
  world.converge();
  world.suspend("Freeze");
  EXPECT_THAT(world.converge(), IsEmpty());
}

TEST(Plan, TerminateKeepsOnlyWhatIsPersistent) {
  TestWorld world;
  world.desired.spec.podTemplate.spec.volumes.emplace_back().name = "scratch";
  world.converge();
  world.suspend("Terminate");
  EXPECT_THAT(world.converge(),
              ElementsAre("StopContainer container/main", "RemoveContainer container/main",
                          "RemovePodSandbox", "UnstageVolumes", "RemoveCgroup"));
  EXPECT_TRUE(world.observed.data_on_disk);
}

TEST(Plan, AContainerThatWasStoppedForSuspensionHasNotCrashed) {
  TestWorld world;
  world.desired.spec.podTemplate.spec.restartPolicy = "Never";
  world.converge();
  world.suspend("Stop");
  world.perform(world.plan().actions.front());
  world.resume();
  EXPECT_THAT(world.converge(),
              ElementsAre("RemoveContainer container/main", "EnsureImage image/main",
                          "RunContainer container/main"));
}

TEST(Plan, AStopThatTheAgentDidNotSurviveIsNoEndEither) {
  TestWorld world;
  world.desired.spec.podTemplate.spec.restartPolicy = "Never";
  world.converge();
  world.suspend("Stop");
  const auto stopping = status_of(world.situation(), {});
  world.exit("main", 137);
  world.memory = memory_of(stopping);
  world.observed.known = false;
  world.resume();
  EXPECT_THAT(world.converge(),
              ElementsAre("Observe", "RemoveContainer container/main", "EnsureImage image/main",
                          "RunContainer container/main"));
}

TEST(Plan, AnEndBeforeTheAgentsOwnIsAnEnd) {
  TestWorld world;
  world.desired.spec.podTemplate.spec.restartPolicy = "Never";
  world.converge();
  const auto running = status_of(world.situation(), {});
  world.exit("main", 137);
  world.memory = memory_of(running);
  world.observed.known = false;
  EXPECT_THAT(world.converge(), ElementsAre("Observe", "StopPodSandbox", "Observe"));
}

TEST(Plan, DeletingTakesEverything) {
  TestWorld world;
  world.desired.spec.podTemplate.spec.volumes.emplace_back().name = "scratch";
  world.converge();
  world.desired.metadata.deletionTimestamp = api::format_time(world.wall);
  world.desired.metadata.deletionGracePeriodSeconds = 3;
  const auto first = world.plan().actions;
  ASSERT_EQ(first.size(), 1);
  EXPECT_EQ(std::get<StopContainer>(first[0]).grace, seconds(3));
  for (const auto& action : first) world.perform(action);
  world.perform(world.plan().actions.front());
  EXPECT_THAT(world.decided(), ElementsAre("RemovePodSandbox"));
  world.perform(world.plan().actions.front());
  EXPECT_THAT(world.decided(), UnorderedElementsAre("UnstageVolumes", "RemoveCgroup"));
  for (const auto& action : world.plan().actions) world.perform(action);
  EXPECT_THAT(world.decided(), UnorderedElementsAre("RemoveVolumes", "RemoveLogs"));
  for (const auto& action : world.plan().actions) world.perform(action);
  EXPECT_THAT(world.decided(), ElementsAre("Forget"));
}

TEST(Plan, DeletingAFrozenOneKillsBeforeItThaws) {
  TestWorld world;
  world.converge();
  world.suspend("Freeze");
  world.converge();
  world.desired.metadata.deletionTimestamp = api::format_time(world.wall);
  EXPECT_THAT(world.decided(), ElementsAre("KillAll"));
}

TEST(Plan, EndsOnTimeAlsoWhileSuspended) {
  TestWorld world;
  world.desired.spec.shutdownTime = api::format_time(world.wall + seconds(60));
  world.converge();
  world.suspend("Freeze");
  world.converge();
  EXPECT_EQ(world.plan().look_again, world.now + seconds(60));
  world.pass(seconds(60));
  EXPECT_THAT(world.converge(), Contains("RemovePodSandbox"));
  EXPECT_THAT(world.converge(), Not(Contains("Forget")));
}

TEST(Plan, DoesOneThingAtATimeToContainersOfOneName) {
  TestWorld world;
  world.converge();
  world.exit("main", 1);
  world.converge();
  ASSERT_EQ(world.observed.containers.size(), 2u);
  world.suspend("Stop");
  EXPECT_THAT(world.decided(), ElementsAre("RemoveContainer container/main"));
  EXPECT_THAT(world.converge(),
              ElementsAre("RemoveContainer container/main", "StopContainer container/main",
                          "RemoveContainer container/main"));
}

TEST(Plan, DoesNotStartAnActionTwice) {
  TestWorld world;
  for (const auto& action : world.plan().actions) {
    begin(world.memory, action, world.observed, world.limits, world.now);
  }
  EXPECT_THAT(world.decided(), IsEmpty());
}

}  // namespace
}  // namespace sandboxlet::agent
