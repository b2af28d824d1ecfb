#include "agent/suspend/reclaim_stop.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <chrono>
#include <thread>

namespace sandboxlet::agent {
namespace {

constexpr Duration kLong = std::chrono::minutes(5);

// A call that only a signal ends.
Result<> wait_for_a_signal() {
  if (poll(nullptr, 0, -1) < 0) return errno_error("poll");
  return {};
}

TEST(ReclaimStop, EndsASystemCallUnderWay) {
  ReclaimStop stop;
  std::atomic<bool> begun = false;
  std::thread stopping([&] {
    while (!begun) std::this_thread::yield();
    stop.stop();
  });
  const auto ended = stop.interruptibly(kLong, [&] {
    begun = true;
    return wait_for_a_signal();
  });
  EXPECT_EQ(ended.error().errno_value(), EINTR);
  stopping.join();
}

TEST(ReclaimStop, EndsASystemCallThatBeginsLater) {
  ReclaimStop stop;
  stop.stop();
  const auto ended = stop.interruptibly(kLong, [&] {
    // The signals that come before it.
    EXPECT_EQ(wait_for_a_signal().error().errno_value(), EINTR);
    return wait_for_a_signal();
  });
  EXPECT_EQ(ended.error().errno_value(), EINTR);
}

TEST(ReclaimStop, WithoutAStopASystemCallEndsInTimeAllTheSame) {
  ReclaimStop stop;
  EXPECT_EQ(
      stop.interruptibly(std::chrono::milliseconds(5), wait_for_a_signal).error().errno_value(),
      EINTR);
  EXPECT_FALSE(stop.stopped());
}

TEST(ReclaimStop, ReachesAThreadThatLetsNoSignalsIn) {
  ReclaimStop stop;
  stop.stop();
  std::thread deaf([&] {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    EXPECT_EQ(stop.interruptibly(kLong, wait_for_a_signal).error().errno_value(), EINTR);
    sigset_t now;
    pthread_sigmask(SIG_SETMASK, nullptr, &now);
    EXPECT_EQ(sigismember(&now, SIGRTMIN + 9), 1);
  });
  deaf.join();
}

TEST(ReclaimStop, DisturbsNothingThatComesAfterwards) {
  for (int round = 0; round < 200; ++round) {
    ReclaimStop stop;
    std::thread stopping([&] { stop.stop(); });
    EXPECT_TRUE(stop.interruptibly(kLong, [] { return Result<>(); }));
    EXPECT_EQ(poll(nullptr, 0, 1), 0) << round;
    stopping.join();
  }
}

}  // namespace
}  // namespace sandboxlet::agent
