// Trap 9 of design suspend.md: what a machine does to the memory of a Sandbox that is frozen.

#include <gtest/gtest.h>
#include <signal.h>

#include "agent/suspend/memory_testing.h"

namespace sandboxlet::agent {
namespace {

constexpr uint64_t kMuch = 64 * kMega;
constexpr uint64_t kLittle = 8 * kMega;

CgroupLimits memory_of(uint64_t bytes) {
  CgroupLimits limits;
  limits.memory_bytes = bytes;
  return limits;
}

class FrozenMemoryTest : public MemoryTest {
 protected:
  bool is_frozen() { return *cgroups_->state(kName) == FreezerState::kFrozen; }
};

INSTANTIATE_TEST_SUITE_P(Machine, FrozenMemoryTest, testing::ValuesIn(freezers_with_memory()),
                         name_of);

TEST_P(FrozenMemoryTest, Trap9AVictimOfTheOomKillerDiesThoughItIsFrozen) {
  const pid_t victim = start_holding(kMuch);
  ASSERT_TRUE(cgroups_->freeze(kName));
  ASSERT_TRUE(cgroups_->create("other", {}));
  ASSERT_NO_FATAL_FAILURE(add_pod("other"));
  const pid_t other = start_holding(kLittle, "other");
  cgroups_ = open(memory_of(kMuch + 3 * kLittle));
  // The largest of the pool is the victim; were it not to die, this one would.
  for (int steps = 1; steps < 5; ++steps) ASSERT_TRUE(grows(other)) << steps;
  EXPECT_EQ(signal_of(victim), SIGKILL);
  EXPECT_TRUE(is_frozen());
  EXPECT_TRUE(cgroups_->thaw(kName));
  EXPECT_TRUE(kept_all(other));
}

TEST_P(FrozenMemoryTest, Trap9AHigherLimitIsSetWhileFrozen) {
  ASSERT_TRUE(cgroups_->create(kName, memory_of(kMuch + kLittle)));
  const pid_t pid = start_holding(kMuch);
  ASSERT_TRUE(cgroups_->freeze(kName));
  ASSERT_TRUE(cgroups_->create(kName, memory_of(2 * kMuch + kLittle)));
  EXPECT_TRUE(is_frozen());
  ASSERT_TRUE(cgroups_->thaw(kName));
  EXPECT_TRUE(grows(pid));
  EXPECT_TRUE(kept_all(pid));
}

// v1 refuses it, v2 makes it so.
TEST_P(FrozenMemoryTest, Trap9ALimitBelowWhatAFrozenOneHoldsHangsNobody) {
  const pid_t pid = start_holding(kMuch);
  ASSERT_TRUE(cgroups_->freeze(kName));
  EXPECT_EQ(cgroups_->create(kName, memory_of(kLittle)).has_value(), !is_v1());
  EXPECT_TRUE(is_frozen());
  ASSERT_TRUE(cgroups_->thaw(kName));
  if (is_v1()) {
    EXPECT_TRUE(kept_all(pid));
  } else {
    EXPECT_EQ(signal_of(pid), SIGKILL);
  }
}

}  // namespace
}  // namespace sandboxlet::agent
