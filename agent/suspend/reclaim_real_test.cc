// Memory of frozen processes in real swap.

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <random>
#include <thread>

#include "agent/suspend/cgroup_files.h"
#include "agent/suspend/memory_testing.h"
#include "agent/suspend/test_swap.h"
#include "tests/rig/seed.h"

namespace sandboxlet::agent {
namespace {

using std::chrono::steady_clock;

constexpr uint64_t kMuch = 64 * kMega;

// With swap of the test's own.
class ReclaimTest : public MemoryTest {
 protected:
  void SetUp() override {
    MemoryTest::SetUp();
    if (IsSkipped()) return;
    if (cgroups_->reclaim_support() != ReclaimSupport::kSupported) {
      GTEST_SKIP() << "this machine cannot take memory from such a cgroup";
    }
    const std::string why_not = TestSwap::why_not();
    if (!why_not.empty()) GTEST_SKIP() << why_not;
    auto swap = TestSwap::make(1024 * kMega);
    ASSERT_TRUE(swap) << swap.error().message();
    swap_ = std::move(*swap);
    // Design suspend.md, trap 10: as a runtime does that was told nothing of swap.
    if (!is_v1()) {
      ASSERT_TRUE(write_cgroup_file(memory_directory() + "/pod/memory.swap.max", "0"));
    }
  }

  // What is in the swap goes before the swap.
  void TearDown() override {
    if (swap_) {
      EXPECT_TRUE(cgroups_->kill(kName));
      EXPECT_TRUE(swap_->remove());
    }
  }

  Result<uint64_t> reclaim() {
    ReclaimStop stop;
    return cgroups_->reclaim(kName, stop);
  }
  CgroupUsage usage() const { return *cgroups_->usage(kName); }

  std::unique_ptr<TestSwap> swap_;
};

INSTANTIATE_TEST_SUITE_P(Machine, ReclaimTest, testing::ValuesIn(freezers_with_memory()), name_of);

TEST_P(ReclaimTest, AFrozenProcessesMemoryGoesToSwapAndComesBackWhole) {
  const pid_t pid = start_holding(kMuch);
  ASSERT_TRUE(cgroups_->freeze(kName));
  const uint64_t before = usage().memory_total;
  EXPECT_GE(before, kMuch);
  const auto given_back = reclaim();
  ASSERT_TRUE(given_back) << given_back.error().message();
  EXPECT_GT(*given_back, kMuch * 9 / 10);
  EXPECT_LT(usage().memory_total, before / 10);
  EXPECT_GT(usage().memory_swapped, kMuch * 9 / 10);
  ASSERT_TRUE(cgroups_->thaw(kName));
  EXPECT_TRUE(kept_all(pid));
}

TEST_P(ReclaimTest, CanBeCalledAgain) {
  start_holding(kMuch);
  ASSERT_TRUE(cgroups_->freeze(kName));
  ASSERT_TRUE(reclaim());
  const auto again = reclaim();
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_LT(*again, kMega);
}

TEST_P(ReclaimTest, ARunningProcessIsNotTouched) {
  start_holding(kMuch);
  EXPECT_EQ(reclaim().error().code(), Code::kFailedPrecondition);
  EXPECT_EQ(usage().memory_swapped, 0U);
}

TEST_P(ReclaimTest, ARunningProcessIsKilledAtItsLimitAndNotSwapped) {
  CgroupLimits limits;
  limits.memory_bytes = kMuch * 3 / 2;
  ASSERT_TRUE(cgroups_->create(kName, limits));
  const pid_t pid = start_holding(kMuch);
  ASSERT_FALSE(grows(pid));
  EXPECT_EQ(signal_of(pid), SIGKILL);
}

TEST_P(ReclaimTest, AThawedProcessIsKilledAtItsLimitAndNotSwappedAnyMore) {
  CgroupLimits limits;
  limits.memory_bytes = kMuch * 3 / 2;
  ASSERT_TRUE(cgroups_->create(kName, limits));
  const pid_t pid = start_holding(kMuch);
  ASSERT_TRUE(cgroups_->freeze(kName));
  ASSERT_TRUE(reclaim());
  const uint64_t swapped = usage().memory_swapped;
  ASSERT_TRUE(cgroups_->thaw(kName));
  // What is in swap is not in memory yet: there is room for so much more.
  const bool first = grows(pid);
  ASSERT_FALSE(first && grows(pid));
  EXPECT_EQ(signal_of(pid), SIGKILL);
  EXPECT_LE(usage().memory_swapped, swapped);
}

// The next agent may find it frozen, and thaw it, or thawed already.
TEST_P(ReclaimTest, Trap5WhatADeadAgentHadOpenedIsClosedByTheNext) {
  CgroupLimits limits;
  limits.memory_bytes = kMuch * 3 / 2;
  for (const bool frozen : {true, false}) {
    const pid_t pid = start_holding(kMuch);
    ASSERT_TRUE(cgroups_->freeze(kName));
    ASSERT_TRUE(reclaim());
    const uint64_t swapped = usage().memory_swapped;
    if (!frozen) write_thawed();
    cgroups_ = open();
    ASSERT_TRUE(frozen ? cgroups_->thaw(kName) : cgroups_->create(kName, limits));
    ASSERT_TRUE(cgroups_->create(kName, limits));
    ASSERT_FALSE(grows(pid) && grows(pid));
    EXPECT_EQ(signal_of(pid), SIGKILL);
    EXPECT_LE(usage().memory_swapped, swapped);
    ASSERT_TRUE(cgroups_->create(kName, {}));
  }
}

// A packet just after the freeze wakes what is about to hibernate.
TEST_P(ReclaimTest, AThawThatMeetsItsBeginningLeavesSwapClosed) {
  std::mt19937 random(test::seed_of_this_run());
  const std::string swap =
      memory_directory() + (is_v1() ? "/memory.swappiness" : "/memory.swap.max");
  int met = 0;
  for (int round = 0; round < 20; ++round) {
    start_holding(kMuch / 4);
    ASSERT_TRUE(cgroups_->freeze(kName));
    ReclaimStop stop;
    std::thread thawing([&, delay = random() % 500] {
      usleep(delay);
      stop.stop();
      EXPECT_TRUE(cgroups_->thaw(kName));
    });
    const auto given_back = cgroups_->reclaim(kName, stop);
    thawing.join();
    if (!given_back) {
      EXPECT_EQ(given_back.error().code(), Code::kCancelled) << given_back.error().message();
      ++met;
    }
    ASSERT_EQ(*read_cgroup_file(swap), "0\n") << "in round " << round;
    ASSERT_TRUE(cgroups_->kill(kName));
  }
  EXPECT_GT(met, 0) << "it was never met";
}

TEST_P(ReclaimTest, AStopEndsItSoonWhereverItIs) {
  constexpr uint64_t kVeryMuch = 256 * kMega;
  std::mt19937 random(test::seed_of_this_run());
  start_holding(kVeryMuch);
  ASSERT_TRUE(cgroups_->freeze(kName));
  // The first may meet the kernel in its first look at all memory, which it does not leave.
  steady_clock::duration shortest = steady_clock::duration::max();
  int stopped = 0;
  for (int round = 0; round < 8 && usage().memory_total > kVeryMuch / 10; ++round) {
    ReclaimStop stop;
    steady_clock::time_point asked;
    std::thread stopping([&, delay = random() % 50'000] {
      usleep(delay);
      asked = steady_clock::now();
      stop.stop();
    });
    const auto ended = cgroups_->reclaim(kName, stop);
    const auto now = steady_clock::now();
    stopping.join();
    if (ended) continue;
    EXPECT_EQ(ended.error().code(), Code::kCancelled) << ended.error().message();
    ++stopped;
    shortest = std::min(shortest, now - asked);
  }
  EXPECT_GT(stopped, 0);
  // Two milliseconds on a machine at rest, two hundred where a processor is imitated by a program.
  EXPECT_LT(shortest, std::chrono::seconds(1));
}

TEST_P(ReclaimTest, WhatWasStoppedThawsWhole) {
  const pid_t pid = start_holding(kMuch);
  ASSERT_TRUE(cgroups_->freeze(kName));
  ReclaimStop stop;
  std::thread stopping([&] {
    usleep(5000);
    stop.stop();
  });
  static_cast<void>(cgroups_->reclaim(kName, stop));
  stopping.join();
  ASSERT_TRUE(cgroups_->thaw(kName));
  EXPECT_TRUE(kept_all(pid));
}

TEST_P(ReclaimTest, KillReachesWhatIsInSwap) {
  const pid_t pid = start_holding(kMuch);
  ASSERT_TRUE(cgroups_->freeze(kName));
  ASSERT_TRUE(reclaim());
  ASSERT_TRUE(cgroups_->kill(kName));
  EXPECT_EQ(signal_of(pid), SIGKILL);
  EXPECT_LT(usage().memory_swapped, kMega);
}

}  // namespace
}  // namespace sandboxlet::agent
