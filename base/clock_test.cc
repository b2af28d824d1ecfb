#include <gtest/gtest.h>

#include <vector>

#include "base/manual_clock.h"

namespace sandboxlet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(ManualClock, RunsTimersInOrderOfTimeThenOfSetting) {
  ManualClock clock;
  std::vector<int> ran;
  auto late = clock.call_after(seconds(2), [&] { ran.push_back(3); });
  auto first = clock.call_after(seconds(1), [&] { ran.push_back(1); });
  auto second = clock.call_after(seconds(1), [&] { ran.push_back(2); });
  clock.advance(seconds(3));
  EXPECT_EQ(ran, (std::vector<int>{1, 2, 3}));
}

TEST(ManualClock, TimerSeesItsOwnInstant) {
  ManualClock clock;
  const TimePoint start = clock.now();
  TimePoint seen{};
  auto timer = clock.call_after(seconds(1), [&] { seen = clock.now(); });
  clock.advance(seconds(5));
  EXPECT_EQ(seen, start + seconds(1));
  EXPECT_EQ(clock.now(), start + seconds(5));
}

TEST(ManualClock, DestroyedTimerNeverRuns) {
  ManualClock clock;
  auto timer = clock.call_after(seconds(1), [] { FAIL() << "ran after it was cancelled"; });
  timer.reset();
  clock.advance(seconds(2));
  EXPECT_EQ(clock.next(), TimePoint::max());
}

TEST(SystemClock, SleepResumesOnTheLoop) {
  asio::io_context io;
  auto clock = make_system_clock(io);
  bool woke = false;
  auto sleeper = [&]() -> Task<void> {
    co_await clock->sleep(milliseconds(1));
    woke = true;
  };
  asio::co_spawn(io, sleeper(), die_on_exception);
  io.run();
  EXPECT_TRUE(woke);
}

TEST(SystemClock, TimerDestroyedByAnExpiredTimersCallbackNeverRuns) {
  asio::io_context io;
  auto clock = make_system_clock(io);
  std::unique_ptr<Timer> second;
  auto first = clock->call_after(Duration(0), [&] { second.reset(); });
  second = clock->call_after(Duration(0), [] { FAIL() << "ran after it was cancelled"; });
  io.run();
}

}  // namespace
}  // namespace sandboxlet
