#include "agent/sandbox/obstacle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandboxlet::agent {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class ObstacleTest : public testing::Test {
 protected:
  std::optional<Error> since(int second) {
    return obstacle(sandbox_, memory_, TimePoint() + seconds(second), now_);
  }
  void fail(const std::string& subject, int second) {
    Failure failure{Backoff(), Error(Code::kNotFound, "no " + subject)};
    failure.backoff.fail(TimePoint() + seconds(second));
    memory_.failures.emplace(subject, failure);
  }

  api::Sandbox sandbox_;
  Memory memory_;
  TimePoint now_ = TimePoint() + seconds(60);
};

TEST_F(ObstacleTest, IsWhatFailedSinceThen) {
  fail("cgroup", 5);
  ASSERT_TRUE(since(5));
  EXPECT_EQ(since(5)->message(), "no cgroup");
  EXPECT_EQ(since(5)->code(), Code::kNotFound);
}

TEST_F(ObstacleTest, WhatMaySucceedByItselfIsOneWhenItKeepsFailing) {
  Failure failure{{.initial = seconds(1), .max = seconds(30)},
                  Error(Code::kInternal, "the runtime is busy")};
  for (const bool stands : {false, false, true}) {
    failure.backoff.fail(TimePoint() + seconds(5));
    memory_.failures.insert_or_assign("pod", failure);
    EXPECT_EQ(since(5).has_value(), stands) << failure.backoff.failures;
  }
}

TEST_F(ObstacleTest, WhatFailedBeforeIsNone) {
  fail("image/main", 5);
  EXPECT_FALSE(since(6));
}

TEST_F(ObstacleTest, IsAContainerThatDoesNotStayUp) {
  api::ContainerStatus container;
  container.name = "main";
  container.reason = "ContainerCreating";
  sandbox_.status.containers.push_back(container);
  EXPECT_FALSE(since(0));
  sandbox_.status.containers[0].reason = "CrashLoopBackOff";
  EXPECT_THAT(since(0)->message(), HasSubstr("\"main\""));
}

TEST_F(ObstacleTest, IsMemoryThatTheNodeDoesNotHaveAfterSomeSeconds) {
  memory_.waits_for_memory = TimePoint() + seconds(50);
  ASSERT_TRUE(since(0));
  EXPECT_EQ(since(0)->code(), Code::kResourceExhausted);
  EXPECT_THAT(since(0)->message(), HasSubstr("memory is short"));
  EXPECT_FALSE(since(58)) << "who asked just now waits";
  now_ = TimePoint() + seconds(53);
  EXPECT_FALSE(since(0)) << "it has waited for a moment only";
}

TEST_F(ObstacleTest, IsADepthThatTheNodeCannotDo) {
  sandbox_.metadata.generation = 2;
  api::Condition condition;
  condition.type = "Suspended";
  condition.reason = "DepthUnsupported";
  condition.observedGeneration = 1;
  sandbox_.status.conditions.push_back(condition);
  EXPECT_FALSE(since(0));
  sandbox_.status.conditions[0].observedGeneration = 2;
  EXPECT_EQ(since(0)->code(), Code::kUnimplemented);
}

}  // namespace
}  // namespace sandboxlet::agent
