#include "agent/sandbox/event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/sandbox/testing.h"

namespace sandboxlet::agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// What is told after the container of a world where all runs has ended so.
std::vector<EventText> after_exit(TestWorld& world, int exit_code, const std::string& reason = "") {
  const Observed before = world.observed;
  world.exit("main", exit_code);
  for (auto& container : world.observed.containers) container.reason = reason;
  return events_of_exits(before, world.situation());
}

class ExitEventTest : public testing::Test {
 protected:
  ExitEventTest() { world_.converge(); }
  TestWorld world_;
};

TEST_F(ExitEventTest, IsToldOnce) {
  EXPECT_THAT(
      after_exit(world_, 3, "Error"),
      ElementsAre(EventText{true, "Exited", "Container main ended with exit code 3 (Error)"}));
  EXPECT_THAT(events_of_exits(world_.observed, world_.situation()), IsEmpty());
}

TEST_F(ExitEventTest, IsNoWarningWhereItWentWell) {
  EXPECT_FALSE(after_exit(world_, 0, "Completed").at(0).warning);
}

TEST_F(ExitEventTest, HasItsOwnReasonWhereMemoryRanOut) {
  const auto told = after_exit(world_, 137, "OOMKilled");
  EXPECT_EQ(told.at(0).reason, "OOMKilled");
  EXPECT_TRUE(told.at(0).warning);
}

TEST_F(ExitEventTest, IsNoneWhereTheAgentStoppedIt) {
  world_.memory.stopped_by_us.insert("main-0");
  EXPECT_THAT(after_exit(world_, 143), IsEmpty());
}

TEST_F(ExitEventTest, TellsOfARestartThatWaits) {
  world_.exit("main", 1);
  world_.converge();
  const auto told = after_exit(world_, 1);
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_EQ(told[1], (EventText{true, "BackOff", "Back-off 10s restarting failed container main"}));
}

TEST(Event, AnImageThatWasPulledIsToldFromOneThatWasThere) {
  api::Sandbox sandbox;
  auto& container = sandbox.spec.podTemplate.spec.containers.emplace_back();
  container.name = "main";
  container.image = "app:1";
  const auto told = [&](bool was_pulled) {
    FoundImage found;
    found.was_pulled = was_pulled;
    return event_at_end(sandbox, EnsureImage{"main", 0}, Outcome(found))->message;
  };
  EXPECT_EQ(told(true), "Successfully pulled image \"app:1\"");
  EXPECT_EQ(told(false), "Container image \"app:1\" already present on machine");
}

}  // namespace
}  // namespace sandboxlet::agent
