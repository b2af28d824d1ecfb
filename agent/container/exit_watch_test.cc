#include "agent/container/exit_watch.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sandboxlet::agent {
namespace {

class ExitWatchTest : public testing::Test {
 protected:
  ExitWatchTest() {
    child_ = fork();
    if (child_ == 0) {
      pause();
      _exit(0);
    }
  }
  ~ExitWatchTest() override { end(); }
  void end() {
    if (child_ == 0) return;
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    child_ = 0;
  }

  asio::io_context io_;
  pid_t child_ = 0;
  int told_ = 0;
};

TEST_F(ExitWatchTest, TellsOnceThatAProcessHasEnded) {
  const auto watch = watch_exit(io_, child_, [this] { ++told_; });
  ASSERT_TRUE(watch);
  EXPECT_EQ(io_.poll(), 0);
  kill(child_, SIGKILL);
  io_.run();
  EXPECT_EQ(told_, 1);
}

TEST_F(ExitWatchTest, KnowsWhoIsThere) {
  const pid_t child = child_;
  EXPECT_TRUE(is_alive(child));
  end();
  EXPECT_FALSE(is_alive(child));
}

TEST_F(ExitWatchTest, SaysNothingAfterItsEnd) {
  {
    const auto watch = watch_exit(io_, child_, [this] { ++told_; });
    ASSERT_TRUE(watch);
  }
  end();
  io_.run();
  EXPECT_EQ(told_, 0);
}

TEST_F(ExitWatchTest, MayBeEndedFromItsOwnCallback) {
  std::shared_ptr<void> watch;
  watch = *watch_exit(io_, child_, [&] { ++told_, watch.reset(); });
  end();
  io_.run();
  EXPECT_EQ(told_, 1);
}

TEST_F(ExitWatchTest, KnowsThatAProcessIsGone) {
  const pid_t gone = child_;
  end();
  EXPECT_EQ(watch_exit(io_, gone, [] {}).error().code(), Code::kNotFound);
}

}  // namespace
}  // namespace sandboxlet::agent
