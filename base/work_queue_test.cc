#include "base/work_queue.h"

#include <gmock/gmock.h>

#include <map>
#include <vector>

#include "base/manual_loop.h"

namespace sandboxlet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class WorkQueueTest : public testing::Test {
 protected:
  Task<Result<>> work(std::string key) {
    begun_.push_back(key);
    ++running_;
    most_ = std::max(most_, running_);
    co_await loop_.clock().sleep(milliseconds(10));
    --running_;
    if (failures_[key] == 0) co_return Result<>();
    --failures_[key];
    co_return Error(Code::kUnavailable, "not yet");
  }
  WorkQueue queue(size_t workers) {
    return {loop_.io(), loop_.clock(), workers, Backoff{seconds(1), seconds(4)},
            [this](std::string key) { return work(std::move(key)); }};
  }

  ManualLoop loop_;
  std::vector<std::string> begun_;
  std::map<std::string, int> failures_;
  int running_ = 0;
  int most_ = 0;
};

TEST_F(WorkQueueTest, AKeyThatIsAddedTwiceIsWorkedOnOnce) {
  WorkQueue one = queue(1);
  one.add("a");
  one.add("b");
  one.add("b");
  loop_.run_for(seconds(1));
  EXPECT_THAT(begun_, ElementsAre("a", "b"));
  EXPECT_TRUE(one.is_idle());
}

TEST_F(WorkQueueTest, AKeyThatIsAddedWhileItIsWorkedOnIsWorkedOnAgainAfterwards) {
  WorkQueue many = queue(4);
  many.add("a");
  loop_.run_for(milliseconds(5));
  many.add("a");
  loop_.run_for(seconds(1));
  EXPECT_THAT(begun_, ElementsAre("a", "a"));
  EXPECT_EQ(most_, 1);
}

TEST_F(WorkQueueTest, NoMoreAreWorkedOnThanThereAreWorkers) {
  WorkQueue two = queue(2);
  for (const char* key : {"a", "b", "c", "d", "e"}) two.add(key);
  loop_.run_for(seconds(1));
  EXPECT_THAT(begun_, ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_EQ(most_, 2);
}

TEST_F(WorkQueueTest, AFailureComesAgainAfterItsOwnBackOff) {
  failures_["a"] = 2;
  WorkQueue one = queue(1);
  one.add("a");
  one.add("b");
  loop_.run_for(milliseconds(900));
  EXPECT_THAT(begun_, ElementsAre("a", "b"));
  loop_.run_for(milliseconds(200));
  EXPECT_THAT(begun_, ElementsAre("a", "b", "a"));
  loop_.run_for(milliseconds(1900));
  EXPECT_EQ(begun_.size(), 3U);
  loop_.run_for(seconds(60));
  EXPECT_EQ(begun_.size(), 4U);
}

TEST_F(WorkQueueTest, WhatIsAddedDoesNotWaitForItsBackOff) {
  failures_["a"] = 1;
  WorkQueue one = queue(1);
  one.add("a");
  loop_.run_for(milliseconds(20));
  one.add("a");
  loop_.run_for(milliseconds(20));
  EXPECT_THAT(begun_, ElementsAre("a", "a"));
}

TEST_F(WorkQueueTest, WhatIsAddedForLaterComesThen) {
  WorkQueue one = queue(1);
  one.add_at("a", loop_.clock().now() + seconds(1));
  EXPECT_TRUE(one.is_idle());
  loop_.run_for(milliseconds(900));
  EXPECT_THAT(begun_, IsEmpty());
  loop_.run_for(milliseconds(200));
  EXPECT_THAT(begun_, ElementsAre("a"));
}

TEST_F(WorkQueueTest, WhatIsAddedForLaterComesOnceWhereItIsAddedMeanwhile) {
  WorkQueue one = queue(1);
  one.add_at("a", loop_.clock().now() + seconds(1));
  one.add("a");
  loop_.run_for(seconds(60));
  EXPECT_THAT(begun_, ElementsAre("a"));
}

TEST_F(WorkQueueTest, WhatIsWorkedOnCanBeAddedForLater) {
  WorkQueue one = queue(1);
  one.add("a");
  loop_.run_for(milliseconds(5));
  one.add_at("a", loop_.clock().now() + seconds(1));
  loop_.run_for(milliseconds(900));
  EXPECT_THAT(begun_, ElementsAre("a"));
  loop_.run_for(milliseconds(200));
  EXPECT_THAT(begun_, ElementsAre("a", "a"));
}

TEST_F(WorkQueueTest, WhatIsForgottenDoesNotComeAgain) {
  failures_["a"] = 1;
  WorkQueue one = queue(1);
  one.add("a");
  one.add("b");
  one.forget("b");
  loop_.run_for(milliseconds(20));
  one.forget("a");
  loop_.run_for(seconds(60));
  EXPECT_THAT(begun_, ElementsAre("a"));
}

TEST_F(WorkQueueTest, NothingBeginsOnceItIsGone) {
  failures_["a"] = 1;
  {
    WorkQueue one = queue(1);
    one.add("a");
    one.add("b");
    loop_.run_for(milliseconds(5));
  }
  loop_.run_for(seconds(60));
  EXPECT_THAT(begun_, ElementsAre("a"));
}

}  // namespace
}  // namespace sandboxlet
