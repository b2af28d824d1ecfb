#include "agent/sandbox/resume_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sandboxlet::agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ResumeQueueTest : public testing::Test {
 protected:
  std::unique_ptr<ResumeQueue::Place> enter(const std::string& name) {
    return queue_.enter([this, name] { called_.push_back(name); });
  }

  ResumeQueue queue_;
  std::vector<std::string> called_;
};

TEST_F(ResumeQueueTest, WithMemoryToSpareNobodyWaits) {
  EXPECT_TRUE(enter("a")->has_come());
  EXPECT_TRUE(enter("b")->has_come());
  EXPECT_THAT(called_, IsEmpty());
}

TEST_F(ResumeQueueTest, WhereItIsShortTheyWaitAndComeOneByOneInTheirOrder) {
  queue_.set_short(true);
  const auto first = enter("a");
  const auto second = enter("b");
  queue_.set_short(true);
  EXPECT_THAT(called_, IsEmpty());
  queue_.set_short(false);
  EXPECT_TRUE(first->has_come());
  EXPECT_FALSE(second->has_come());
  queue_.set_short(true);
  EXPECT_THAT(called_, ElementsAre("a"));
  queue_.set_short(false);
  EXPECT_THAT(called_, ElementsAre("a", "b"));
}

TEST_F(ResumeQueueTest, NobodyOvertakes) {
  queue_.set_short(true);
  const auto first = enter("a");
  const auto second = enter("b");
  queue_.set_short(false);
  EXPECT_FALSE(enter("c")->has_come());
}

TEST_F(ResumeQueueTest, WhoLeavesHoldsNobodyUp) {
  queue_.set_short(true);
  auto first = enter("a");
  const auto second = enter("b");
  first.reset();
  queue_.set_short(false);
  EXPECT_THAT(called_, ElementsAre("b"));
}

}  // namespace
}  // namespace sandboxlet::agent
