#include "agent/source/name_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/manual_loop.h"

namespace sandboxlet::agent {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class NameQueueTest : public testing::Test {
 protected:
  // Comes, stays a second, and goes.
  Task<void> write(std::string name, std::string who) {
    const NameQueue::Key key{"default", name};
    const auto turn = co_await queue_.enter(key);
    told_.push_back(who + " in");
    co_await loop_.clock().sleep(1s);
    told_.push_back(who + " out");
  }
  void begin(const std::string& name, const std::string& who) {
    asio::co_spawn(loop_.io(), write(name, who), die_on_exception);
  }

  ManualLoop loop_;
  NameQueue queue_;
  std::vector<std::string> told_;
};

TEST_F(NameQueueTest, WritersOfOneNameGoOneAfterTheOther) {
  begin("a", "first");
  begin("a", "second");
  begin("a", "third");
  loop_.run_for(3s);
  EXPECT_THAT(told_, ElementsAre("first in", "first out", "second in", "second out", "third in",
                                 "third out"));
}

TEST_F(NameQueueTest, WritersOfOtherNamesDoNotWait) {
  begin("a", "one");
  begin("b", "other");
  loop_.run_for(1s);
  EXPECT_THAT(told_, ElementsAre("one in", "other in", "one out", "other out"));
}

TEST_F(NameQueueTest, ANameIsFreeAgainAfterItsWriter) {
  begin("a", "one");
  loop_.run_for(5s);
  begin("a", "later");
  loop_.run_for(1s);
  EXPECT_THAT(told_, ElementsAre("one in", "one out", "later in", "later out"));
}

}  // namespace
}  // namespace sandboxlet::agent
