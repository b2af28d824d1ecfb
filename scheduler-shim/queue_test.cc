#include "scheduler-shim/queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandboxlet::scheduler {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class QueueTest : public testing::Test {
 protected:
  static PodInfo pod(const std::string& uid, int32_t priority = 0, int created = 0) {
    PodInfo pod;
    pod.uid = uid;
    pod.priority = priority;
    pod.created = WallTime(seconds(created));
    pod.spec = std::make_shared<PodTemplateInfo>();
    pod.identity = std::make_shared<PodIdentity>();
    return pod;
  }

  void add(const std::string& uid) { queue.set(pod(uid), now); }
  std::string pop() {
    const auto popped = queue.pop(now);
    return popped ? popped->uid : "";
  }
  std::vector<std::string> pop_all() {
    std::vector<std::string> all;
    for (std::string uid = pop(); !uid.empty(); uid = pop()) all.push_back(uid);
    return all;
  }

  Queue queue;
  TimePoint now{std::chrono::hours(1)};
};

TEST_F(QueueTest, HighPriorityGoesFirstThenAge) {
  queue.set(pod("young", 0, 3), now);
  queue.set(pod("old", 0, 1), now);
  queue.set(pod("important", 10, 4), now);
  queue.set(pod("old too", 0, 1), now);
  EXPECT_THAT(pop_all(), ElementsAre("important", "old", "old too", "young"));
}

TEST_F(QueueTest, WhatNeedsNoNodeLeaves) {
  add("a");
  PodInfo bound = pod("a");
  bound.node_name = "n";
  queue.set(bound, now);
  EXPECT_EQ(pop(), "");
  queue.set(bound, now);
  EXPECT_EQ(queue.next(), TimePoint::max());
}

TEST_F(QueueTest, WhoIsTooEarlyWaitsToBeTriedAgainAndHasNotFailed) {
  add("a");
  add("b");
  EXPECT_THAT(pop_all(), ElementsAre("a", "b"));
  queue.wait("a", now);
  queue.wait("b", now);
  queue.wake(~kNothing, now);
  EXPECT_EQ(pop(), "");
  queue.retry("a", now);
  EXPECT_THAT(pop_all(), ElementsAre("a"));
}

TEST_F(QueueTest, WhoHasFailedIsTriedAgainAfterItsBackOff) {
  add("a");
  EXPECT_EQ(pop(), "a");
  queue.unschedulable("a", kNothing, now);
  queue.retry("a", now);
  EXPECT_EQ(pop(), "");
  now += seconds(1);
  EXPECT_EQ(pop(), "a");
}

TEST_F(QueueTest, OneInFlightIsNotGivenTwice) {
  add("a");
  EXPECT_EQ(pop(), "a");
  add("a");
  EXPECT_EQ(pop(), "");
  EXPECT_EQ(queue.sizes().in_flight, 1U);
  queue.done("a");
  EXPECT_EQ(queue.sizes().in_flight, 0U);
}

TEST_F(QueueTest, AFailureBacksOffFromOneSecondToTen) {
  add("a");
  for (const int wait : {1, 2, 4, 8, 10, 10}) {
    ASSERT_EQ(pop(), "a");
    queue.failed("a", now);
    EXPECT_EQ(queue.next(), now + seconds(wait));
    now += seconds(wait) - milliseconds(1);
    EXPECT_EQ(pop(), "");
    now += milliseconds(1);
  }
  EXPECT_EQ(pop(), "a");
}

TEST_F(QueueTest, WaitsForWhatMayHelp) {
  add("a");
  pop();
  queue.unschedulable("a", kSandboxGone, now);
  now += seconds(20);
  EXPECT_EQ(pop(), "");
  queue.wake(kNodeChanged, now);
  EXPECT_EQ(pop(), "");
  queue.wake(kNodeChanged | kSandboxGone, now);
  EXPECT_EQ(pop(), "a");
}

TEST_F(QueueTest, WhatMayHelpDoesNotShortenTheBackOff) {
  add("a");
  pop();
  queue.unschedulable("a", kNodeChanged, now);
  queue.wake(kNodeChanged, now);
  EXPECT_EQ(pop(), "");
  EXPECT_EQ(queue.next(), now + seconds(1));
  now += seconds(1);
  EXPECT_EQ(pop(), "a");
}

TEST_F(QueueTest, WhatHappenedDuringTheDecisionCounts) {
  add("a");
  add("b");
  pop();
  queue.wake(kNodeChanged, now);
  pop();
  queue.unschedulable("a", kNodeChanged, now);
  queue.unschedulable("b", kNodeChanged, now);
  EXPECT_EQ(queue.sizes().backing_off, 1U);
  EXPECT_EQ(queue.sizes().waiting, 1U);
  now += seconds(1);
  EXPECT_THAT(pop_all(), ElementsAre("a"));
}

TEST_F(QueueTest, NobodyWaitsLongerThanFiveMinutes) {
  add("a");
  pop();
  queue.unschedulable("a", kNothing, now);
  EXPECT_EQ(queue.next(), now + minutes(5));
  now += minutes(5);
  EXPECT_EQ(pop(), "a");
}

TEST_F(QueueTest, AChangedSandboxIsDecidedAnew) {
  add("a");
  pop();
  queue.unschedulable("a", kNothing, now);
  now += seconds(5);
  // Its status alone, such as what was written about this decision, is no reason.
  PodInfo same = pod("a");
  same.resource_version = "2";
  queue.set(same, now);
  EXPECT_EQ(pop(), "");
  PodInfo other = pod("a");
  other.spec = std::make_shared<PodTemplateInfo>(PodTemplateInfo{.node_name = "n"});
  queue.set(other, now);
  EXPECT_EQ(pop(), "a");
}

TEST_F(QueueTest, OneThatChangedWhileInFlightIsDecidedAgain) {
  add("a");
  pop();
  queue.set(pod("a", 7), now);
  queue.unschedulable("a", kNothing, now);
  now += seconds(1);
  const auto popped = queue.pop(now);
  ASSERT_TRUE(popped);
  EXPECT_EQ(popped->priority, 7);
}

TEST_F(QueueTest, APriorityThatChangesChangesTheTurn) {
  add("a");
  add("b");
  queue.set(pod("b", 5), now);
  EXPECT_THAT(pop_all(), ElementsAre("b", "a"));
}

TEST_F(QueueTest, RemovedOnesAreGoneFromEverywhere) {
  for (const char* uid : {"active", "backing off", "waiting", "in flight"}) add(uid);
  pop_all();
  queue.unschedulable("waiting", kNodeChanged, now);
  queue.failed("backing off", now);
  queue.failed("active", now);
  for (const char* uid : {"active", "backing off", "waiting", "in flight"}) queue.remove(uid);
  queue.unschedulable("in flight", kNodeChanged, now);
  queue.failed("in flight", now);
  queue.wake(kNodeChanged, now);
  now += minutes(10);
  EXPECT_THAT(pop_all(), IsEmpty());
  EXPECT_EQ(queue.next(), TimePoint::max());
}

}  // namespace
}  // namespace sandboxlet::scheduler
