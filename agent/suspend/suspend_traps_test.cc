// The traps of design suspend.md that are the cgroups' own, on the machine's real freezers. V1 runs
// on this machine where it has one, V2 on its cgroup v2, and in tests/guest with all controllers.
// Where the others are tested ("scenario" is tests/scenario/suspend_traps_test.cc); those of
// tests/scenario run on this machine and in tests/guest too:
//   1. Here; CgroupTree; BadDaysTest.AContainerThatForksQuicklyIsFrozenAndDeleted.
//   2. StartGateTest; ExecTest.WakesASandboxFromEachDepth, .EachEndsAmongSuspensions; scenario.
//   3. Here; scenario; LifecycleTest.DeletingAFrozenSandboxLeavesNothing.
//   4. LifecycleTest.SandboxesLiveThroughTheRuntimesDeath.
//   5. Here; ReclaimTest; scenario; the simulation's kills at every await.
//   6. Plan.TimeSpentFrozenDoesNotCountForTheCrashLoop; of the rest each field is refused.
//   7. The volumes that it speaks of are refused.
//   8. PacketWatchTest; FrozenSandboxTest; RestTest.TheEndOfAConnectionWakesNobody.
//   9. FrozenMemoryTest; scenario.
//  10. ReclaimTest; SwapV2Test; scenario.
//  11. Here; Hierarchies.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "agent/suspend/cgroup_files.h"
#include "agent/suspend/testing.h"

namespace sandboxlet::agent {
namespace {

class SuspendTrapsTest : public CgroupsTest {};

INSTANTIATE_TEST_SUITE_P(Machine, SuspendTrapsTest, testing::Values(Freezers::kV1, Freezers::kV2),
                         name_of);

TEST_P(SuspendTrapsTest, Trap1AFreezeThatMeetsAnExecveOfAThreadedProcessIsTriedAgain) {
  for (int round = 0; round < 200; ++round) {
    const pid_t pid = start([] {
      for (int i = 0; i < 4; ++i) std::thread([] { pause(); }).detach();
      execl("/bin/sleep", "sleep", "1000", nullptr);
    });
    // From before the threads are made to after the execve.
    for (int turn = 0; turn < round % 40; ++turn) usleep(10);
    const auto frozen = cgroups_->freeze(kName);
    EXPECT_TRUE(frozen) << round << ": " << frozen.error().message();
    ASSERT_EQ(*cgroups_->state(kName), frozen ? FreezerState::kFrozen : FreezerState::kThawed);
    ASSERT_TRUE(cgroups_->kill(kName));
    EXPECT_EQ(signal_of(pid), SIGKILL);
  }
}

TEST_P(SuspendTrapsTest, Trap3KillReachesAFrozenProcess) {
  const pid_t pid = start_counting();
  ASSERT_TRUE(cgroups_->freeze(kName));
  ASSERT_TRUE(cgroups_->kill(kName));
  EXPECT_EQ(signal_of(pid), SIGKILL);
  EXPECT_THAT(*cgroups_->processes(kName), testing::IsEmpty());
  EXPECT_EQ(*cgroups_->state(kName), FreezerState::kThawed);
}

TEST_P(SuspendTrapsTest, Trap3KillReachesWhatIsFrozenOnItsOwnFurtherBelow) {
  ASSERT_TRUE(make_cgroup(directory("/pod")));
  ASSERT_TRUE(make_cgroup(directory("/pod/.nested")));
  const pid_t pid = start_counting("/pod/.nested");
  write_frozen("/pod/.nested");
  ASSERT_TRUE(cgroups_->freeze(kName));
  ASSERT_TRUE(cgroups_->kill(kName));
  EXPECT_EQ(signal_of(pid), SIGKILL);
}

TEST_P(SuspendTrapsTest, Trap3NoCodeOfAFrozenProcessRunsWhenItIsKilled) {
  start_counting();
  ASSERT_TRUE(cgroups_->freeze(kName));
  ASSERT_FALSE(counts());
  ASSERT_TRUE(cgroups_->kill(kName));
  EXPECT_FALSE(counts());
}

TEST_P(SuspendTrapsTest, Trap3KillReachesWhatForksFasterThanItIsListed) {
  for (int chain = 0; chain < 8; ++chain) {
    start([] {
      // Each generation forks the next and goes.
      while (fork() == 0) {
      }
    });
  }
  EXPECT_TRUE(cgroups_->kill(kName));
  EXPECT_THAT(*cgroups_->processes(kName), testing::IsEmpty());
}

// Tries of a fork bomb in all: a minute's or more.
constexpr int kLastFork = 10'000'000;

// A user of its own, who may have so many processes, and a last fork: it harms nobody, whatever
// becomes of the test.
void explode(std::atomic<int>& forks) {
  constexpr rlimit kProcesses{150, 150};
  constexpr uid_t kBomber = 1'234'567;
  signal(SIGCHLD, SIG_IGN);
  if (setrlimit(RLIMIT_NPROC, &kProcesses) != 0 || setuid(kBomber) != 0) return;
  while (forks++ < kLastFork) fork();
}

TEST_P(SuspendTrapsTest, Trap3KillReachesAForkBomb) {
  SharedMemory<std::atomic<int>> forks;
  start([&] { explode(*forks); });
  while (cgroups_->processes(kName)->size() < 100) std::this_thread::yield();
  EXPECT_TRUE(cgroups_->kill(kName));
  EXPECT_THAT(*cgroups_->processes(kName), testing::IsEmpty());
  EXPECT_LT(*forks, kLastFork);
}

TEST_P(SuspendTrapsTest, Trap3KillLeavesAStrangerAlone) {
  ASSERT_TRUE(cgroups_->create("boxes", {}));
  const pid_t stranger = start_counting("/../boxes");
  const pid_t pid = start([] { pause(); });
  ASSERT_TRUE(cgroups_->kill(kName));
  EXPECT_EQ(signal_of(pid), SIGKILL);
  EXPECT_THAT(*cgroups_->processes("boxes"), testing::ElementsAre(stranger));
  EXPECT_TRUE(counts());
}

TEST_P(SuspendTrapsTest, Trap5WhatADeadAgentWasFreezingIsFrozenOrThawedByTheNext) {
  for (const bool wanted_frozen : {true, false}) {
    const pid_t pid = start_counting();
    const pid_t agent = fork();
    if (agent == 0) {
      // Dies between writing and reading.
      write_frozen();
      raise(SIGKILL);
    }
    EXPECT_EQ(signal_of(agent), SIGKILL);
    const auto next = open();
    EXPECT_NE(*next->state(kName), FreezerState::kThawed);
    ASSERT_TRUE(wanted_frozen ? next->freeze(kName) : next->thaw(kName));
    EXPECT_EQ(*next->state(kName), wanted_frozen ? FreezerState::kFrozen : FreezerState::kThawed);
    EXPECT_EQ(counts(), !wanted_frozen);
    ASSERT_TRUE(next->kill(kName));
    EXPECT_EQ(signal_of(pid), SIGKILL);
  }
}

TEST_P(SuspendTrapsTest, Trap5TheNextAgentFindsWhatIsThere) {
  const pid_t pid = start_counting();
  ASSERT_TRUE(cgroups_->freeze(kName));
  cgroups_ = open();
  EXPECT_THAT(*cgroups_->list(), testing::ElementsAre(kName));
  EXPECT_THAT(*cgroups_->processes(kName), testing::ElementsAre(pid));
  EXPECT_EQ(*cgroups_->state(kName), FreezerState::kFrozen);
  EXPECT_FALSE(counts());
}

TEST_P(SuspendTrapsTest, Trap11TheLayoutIsTheMachinesOwn) {
  const bool has_v2 = !machine_hierarchies().v2.empty();
  const CgroupLayout v1 = has_v2 ? CgroupLayout::kHybrid : CgroupLayout::kV1;
  EXPECT_EQ(cgroups_->layout(), GetParam() == Freezers::kV1 ? v1 : CgroupLayout::kV2);
  EXPECT_EQ(cgroups_->parent_of(kName), root_ + "/box");
}

class ManyHierarchiesTest : public CgroupsTest {};
INSTANTIATE_TEST_SUITE_P(Machine, ManyHierarchiesTest, testing::Values(Freezers::kV1), name_of);

// A runtime makes its parents in hierarchies that the agent never limits.
TEST_P(ManyHierarchiesTest, Trap11NothingIsLeftInAny) {
  const std::string path = root_ + "/" + kName;
  const auto mounts = machine_hierarchies().mounts();
  for (const auto& mount : mounts) {
    ASSERT_TRUE(make_cgroup(mount + root_));
    ASSERT_TRUE(make_cgroup(mount + path));
  }
  ASSERT_TRUE(cgroups_->remove(kName));
  for (const auto& mount : mounts) EXPECT_NE(access((mount + path).c_str(), F_OK), 0) << mount;
}

TEST_P(ManyHierarchiesTest, Trap11WhatIsLeftInOneIsListedAndRemoved) {
  ASSERT_TRUE(cgroups_->remove(kName));
  for (const auto& mount : machine_hierarchies().mounts()) {
    ASSERT_TRUE(make_cgroup(mount + root_));
    ASSERT_TRUE(make_cgroup(mount + root_ + "/" + kName));
    EXPECT_THAT(*cgroups_->list(), testing::ElementsAre(kName)) << mount;
    EXPECT_TRUE(cgroups_->remove(kName)) << mount;
    EXPECT_THAT(*cgroups_->list(), testing::IsEmpty()) << mount;
  }
}

}  // namespace
}  // namespace sandboxlet::agent
