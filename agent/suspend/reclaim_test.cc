#include "agent/suspend/reclaim.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sandboxlet::agent {
namespace {

constexpr uint64_t kMega = 1 << 20;

// A kernel that gives so much a step, into swap once that is open.
class FakeTarget final : public ReclaimTarget {
 public:
  uint64_t anonymous = 100 * kMega;
  uint64_t file_cache = 10 * kMega;
  uint64_t swap = 1000 * kMega;
  uint64_t a_step = 16 * kMega;
  // That cannot go at all.
  uint64_t locked = 0;
  bool open = false;
  int pushes = 0;
  int stop_at = 0;

  Result<uint64_t> in_memory() override { return anonymous + file_cache + locked; }
  Result<uint64_t> swap_free() override { return swap; }
  Result<> open_swap() override {
    open = true;
    return {};
  }
  Result<> push(ReclaimStop& stop) override {
    if (++pushes == stop_at) stop.stop();
    uint64_t left = a_step;
    take(file_cache, left, left);
    if (open) swap -= take(anonymous, left, swap);
    return {};
  }

 private:
  static uint64_t take(uint64_t& from, uint64_t& left, uint64_t most) {
    const uint64_t taken = std::min({from, left, most});
    from -= taken;
    left -= taken;
    return taken;
  }
};

class ReclaimLoopTest : public testing::Test {
 protected:
  FakeTarget target_;
  ReclaimStop stop_;
};

TEST_F(ReclaimLoopTest, TakesAll) {
  EXPECT_EQ(*reclaim(target_, stop_), 110 * kMega);
  EXPECT_EQ(*target_.in_memory(), 0U);
}

TEST_F(ReclaimLoopTest, TakesNoFurtherStepForTheLastBytes) {
  target_.locked = kMega / 2;
  EXPECT_EQ(*reclaim(target_, stop_), 110 * kMega);
  EXPECT_EQ(target_.pushes, 7);
}

TEST_F(ReclaimLoopTest, GivesUpWhatDoesNotGoAfterThreeSteps) {
  target_.locked = 50 * kMega;
  EXPECT_EQ(*reclaim(target_, stop_), 110 * kMega);
  EXPECT_EQ(target_.pushes, 10);
}

TEST_F(ReclaimLoopTest, LeavesAReserveOfSwap) {
  target_.swap = kSwapReserve + 40 * kMega;
  ASSERT_TRUE(reclaim(target_, stop_));
  EXPECT_LE(target_.swap, kSwapReserve);
  EXPECT_GT(target_.swap, 0U);
  EXPECT_GT(target_.anonymous, 0U);
}

TEST_F(ReclaimLoopTest, DropsFileCacheWhereNoSwapIsFree) {
  target_.swap = kSwapReserve;
  EXPECT_EQ(*reclaim(target_, stop_), 10 * kMega);
  EXPECT_FALSE(target_.open);
  EXPECT_EQ(target_.anonymous, 100 * kMega);
}

TEST_F(ReclaimLoopTest, SaysWhereItNeedsSwapAndGivesNothingBack) {
  target_.swap = 0;
  target_.file_cache = 0;
  EXPECT_EQ(reclaim(target_, stop_).error().code(), Code::kResourceExhausted);
}

TEST_F(ReclaimLoopTest, NothingLeftIsNoError) {
  target_.anonymous = target_.file_cache = 0;
  EXPECT_EQ(*reclaim(target_, stop_), 0U);
}

TEST_F(ReclaimLoopTest, EndsAtAStopBetweenSteps) {
  target_.stop_at = 2;
  EXPECT_EQ(reclaim(target_, stop_).error().code(), Code::kCancelled);
  EXPECT_EQ(target_.pushes, 2);
}

TEST_F(ReclaimLoopTest, DoesNothingAfterAStop) {
  stop_.stop();
  EXPECT_EQ(reclaim(target_, stop_).error().code(), Code::kCancelled);
  EXPECT_EQ(target_.pushes, 0);
}

}  // namespace
}  // namespace sandboxlet::agent
