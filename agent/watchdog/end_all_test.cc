#include "agent/watchdog/end_all.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "agent/suspend/testing.h"

namespace sandboxlet::agent {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// On the machine's real cgroups.
class EndAllTest : public CgroupsTest {
 protected:
  // From its first moment on.
  pid_t start_deaf_to_term() {
    signal(SIGTERM, SIG_IGN);
    const pid_t pid = start_counting();
    signal(SIGTERM, SIG_DFL);
    return pid;
  }
};

INSTANTIATE_TEST_SUITE_P(Machine, EndAllTest, testing::Values(Freezers::kV1, Freezers::kV2),
                         name_of);

TEST_P(EndAllTest, WhatRunsMayEndByItself) {
  const pid_t pid = start_counting();
  EXPECT_TRUE(end_all(*cgroups_, hours(1)));
  EXPECT_EQ(signal_of(pid), SIGTERM);
}

enum Heard { kNotYetListening, kNothing, kTerm };
std::atomic<int>* heard = nullptr;

TEST_P(EndAllTest, WhatAContainersFirstProcessStartedIsItsOwnToEnd) {
  const SharedMemory<std::atomic<int>> shared;
  heard = &*shared;
  const pid_t first = start([] {
    if (fork() == 0) {
      signal(SIGTERM, [](int) { *heard = kTerm; });
      *heard = kNothing;
    }
    for (;;) pause();
  });
  while (*heard == kNotYetListening) std::this_thread::yield();
  EXPECT_TRUE(end_all(*cgroups_, milliseconds(20)));
  EXPECT_EQ(signal_of(first), SIGTERM);
  EXPECT_EQ(*heard, kNothing);
}

TEST_P(EndAllTest, WhatOutlivesItsGraceIsKilled) {
  const pid_t pid = start_deaf_to_term();
  EXPECT_TRUE(end_all(*cgroups_, milliseconds(20)));
  EXPECT_EQ(signal_of(pid), SIGKILL);
}

TEST_P(EndAllTest, WhatIsFrozenIsKilledWithoutAWait) {
  const pid_t pid = start_deaf_to_term();
  ASSERT_TRUE(cgroups_->freeze(kName));
  EXPECT_TRUE(end_all(*cgroups_, hours(1)));
  EXPECT_EQ(signal_of(pid), SIGKILL);
  EXPECT_FALSE(counts());
}

TEST_P(EndAllTest, EachIsEndedInItsOwnWay) {
  ASSERT_TRUE(cgroups_->create("other", {}));
  const pid_t frozen = start_deaf_to_term();
  ASSERT_TRUE(cgroups_->freeze(kName));
  const pid_t other = start_counting("/../other");
  EXPECT_TRUE(end_all(*cgroups_, hours(1)));
  EXPECT_EQ(signal_of(frozen), SIGKILL);
  EXPECT_EQ(signal_of(other), SIGTERM);
}

TEST_P(EndAllTest, WhereNothingRunsThereIsNothingToWaitFor) {
  EXPECT_TRUE(end_all(*cgroups_, hours(1)));
}

}  // namespace
}  // namespace sandboxlet::agent
