#include "agent/sandbox/passing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/sandbox/status.h"
#include "agent/sandbox/testing.h"
#include "api/conditions.h"
#include "api/time.h"

namespace sandboxlet::agent {
namespace {

// A Sandbox whose status is told step by step, as its actor does.
class PassingTest : public testing::Test {
 protected:
  PassingTest() { told_.nodeName = "node-1"; }

  void tell() { told_ = status_of(world_.situation(), told_); }
  // Does all that is to be done and tells before, between and after.
  void converge() {
    for (tell(); !world_.plan().actions.empty(); tell()) {
      const auto actions = world_.plan().actions;
      for (const auto& action : actions) world_.perform(action);
    }
  }
  const api::Condition* find(const char* type) const {
    return api::find_condition(told_.conditions, type);
  }
  std::string told(const char* type) const {
    return find(type) == nullptr ? "none" : find(type)->status + "/" + find(type)->reason;
  }
  std::string since(const char* type) const { return find(type)->lastTransitionTime; }
  std::string now() const { return api::format_micro_time(world_.wall); }

  TestWorld world_;
  api::SandboxStatus told_;
};

TEST_F(PassingTest, ScheduledIsSaidOfWhatIsBoundAndItsTimeStays) {
  tell();
  EXPECT_EQ(told("Scheduled"), "True/Bound");
  const std::string bound = now();
  world_.pass(std::chrono::seconds(5));
  converge();
  EXPECT_EQ(since("Scheduled"), bound);
}

TEST_F(PassingTest, WhatNeverStoppedNorResumedDoesNotSaySo) {
  converge();
  EXPECT_EQ(told("Stopping"), "none");
  EXPECT_EQ(told("Resuming"), "none");
}

TEST_F(PassingTest, ItIsStoppingUntilItsProcessesHaveGone) {
  for (const char* depth : {"Stop", "Terminate"}) {
    world_.resume();
    converge();
    world_.suspend(depth);
    tell();
    EXPECT_EQ(told("Stopping"), "True/SandboxSuspended") << depth;
    const std::string begun = now();
    world_.pass(std::chrono::seconds(2));
    tell();
    EXPECT_EQ(since("Stopping"), begun) << depth;
    converge();
    EXPECT_EQ(told("Stopping"), "False/ProcessesEnded") << depth;
    EXPECT_EQ(since("Stopping"), now()) << depth;
    EXPECT_EQ(find("Stopping")->message, "Sandbox was stopping since " + begun) << depth;
  }
}

TEST_F(PassingTest, AFreezeStopsNothing) {
  converge();
  world_.suspend("Freeze");
  converge();
  EXPECT_EQ(told("Stopping"), "none");
}

TEST_F(PassingTest, SaysWhyItIsStopping) {
  converge();
  world_.desired.spec.shutdownTime = api::format_time(world_.wall);
  tell();
  EXPECT_EQ(told("Stopping"), "True/SandboxExpired");
  world_.desired.metadata.deletionTimestamp = api::format_time(world_.wall);
  tell();
  EXPECT_EQ(told("Stopping"), "True/SandboxDeleted");
}

TEST_F(PassingTest, AStopThatIsTakenBackHasEnded) {
  converge();
  world_.suspend("Stop");
  tell();
  world_.resume();
  tell();
  EXPECT_EQ(told("Stopping"), "False/TakenBack");
  EXPECT_EQ(told("Resuming"), "none") << "it was Ready all the time";
}

TEST_F(PassingTest, ItIsResumingUntilItIsReady) {
  for (const char* depth : {"Freeze", "Stop", "Terminate"}) {
    converge();
    world_.suspend(depth);
    converge();
    world_.resume();
    tell();
    const bool is_thaw = std::string(depth) == "Freeze";
    EXPECT_EQ(told("Resuming"), is_thaw ? "True/SandboxThawing" : "True/SandboxResuming") << depth;
    const std::string begun = now();
    world_.pass(std::chrono::milliseconds(1));
    converge();
    EXPECT_EQ(told("Resuming"), "False/SandboxResumed") << depth;
    EXPECT_EQ(since("Resuming"), now()) << depth;
    EXPECT_EQ(find("Resuming")->message, "Sandbox was resuming since " + begun) << depth;
  }
}

TEST_F(PassingTest, AResumeThatWaitsForMemorySaysSo) {
  for (const char* depth : {"Hibernate", "Stop"}) {
    converge();
    world_.suspend(depth);
    converge();
    world_.resume();
    world_.memory.waits_for_memory = world_.now;
    tell();
    EXPECT_EQ(told("Resuming"), "True/WaitingForMemory") << depth;
    EXPECT_EQ(told("Ready"), "False/DependenciesNotReady") << depth;
    EXPECT_EQ(find("Ready")->message, kWaitsForMemory) << depth;
    world_.memory.waits_for_memory.reset();
    converge();
    EXPECT_EQ(told("Resuming"), "False/SandboxResumed") << depth;
  }
}

TEST_F(PassingTest, AResumeThatIsTakenBackHasEnded) {
  converge();
  world_.suspend("Stop");
  converge();
  world_.resume();
  tell();
  world_.suspend("Stop");
  tell();
  EXPECT_EQ(told("Resuming"), "False/TakenBack");
}

TEST_F(PassingTest, ItGoesOnResumingAfterTheAgentsDeath) {
  converge();
  world_.suspend("Stop");
  converge();
  world_.resume();
  tell();
  world_.memory = memory_of(told_);
  world_.observed.known = false;
  tell();
  EXPECT_EQ(told("Resuming"), "True/SandboxResuming");
  converge();
  EXPECT_EQ(told("Resuming"), "False/SandboxResumed");
}

// Each alone would be a write to the API server that nothing else asks for.
TEST_F(PassingTest, TheyChangeOnlyTogetherWithOthers) {
  const auto others = [](api::SandboxStatus status) {
    for (const char* type : {"Scheduled", "Stopping", "Resuming"}) {
      api::remove_condition(status.conditions, type);
    }
    return status;
  };
  const auto step = [&] {
    for (auto next = world_.plan(); !next.actions.empty(); next = world_.plan()) {
      for (const auto& action : next.actions) {
        const auto before = told_;
        world_.perform(action);
        tell();
        EXPECT_TRUE(told_ == before || others(told_) != others(before)) << kind_of(action);
      }
    }
  };
  tell();
  step();
  for (const char* depth : {"Freeze", "Stop", "Terminate"}) {
    for (const bool suspends : {true, false}) {
      const auto before = told_;
      suspends ? world_.suspend(depth) : world_.resume();
      tell();
      EXPECT_NE(others(told_), others(before)) << depth << suspends;
      step();
    }
  }
}

}  // namespace
}  // namespace sandboxlet::agent
