#include "agent/suspend/start_gate.h"

#include <gtest/gtest.h>

#include <optional>

namespace sandboxlet::agent {
namespace {

class StartGateTest : public testing::Test {
 protected:
  void close_in_background() {
    asio::co_spawn(io_, closing(), [this](std::exception_ptr failure) {
      die_on_exception(failure);
      closed_ = true;
    });
    run();
  }
  Task<void> closing() { co_await gate_.close(); }
  void run() {
    io_.restart();
    io_.poll();
  }

  asio::io_context io_;
  StartGate gate_;
  bool closed_ = false;
};

TEST_F(StartGateTest, ClosesAtOnceWhenNobodyIsInside) {
  close_in_background();
  EXPECT_TRUE(closed_);
}

TEST_F(StartGateTest, ClosingWaitsForThoseInside) {
  auto first = gate_.enter();
  auto second = gate_.enter();
  ASSERT_TRUE(first && second);
  close_in_background();
  first->release();
  run();
  EXPECT_FALSE(closed_);
  second->release();
  run();
  EXPECT_TRUE(closed_);
}

TEST_F(StartGateTest, NobodyEntersWhileClosingOrClosed) {
  auto inside = gate_.enter();
  close_in_background();
  EXPECT_EQ(gate_.enter().error().code(), Code::kFailedPrecondition);
  inside->release();
  run();
  EXPECT_EQ(gate_.enter().error().code(), Code::kFailedPrecondition);
}

TEST_F(StartGateTest, OpensAgain) {
  close_in_background();
  gate_.open();
  EXPECT_TRUE(gate_.enter().has_value());
}

TEST_F(StartGateTest, ATicketMayOutliveTheGate) {
  std::optional<StartGate::Ticket> ticket;
  {
    StartGate gate;
    ticket = std::move(*gate.enter());
  }
  ticket->release();
}

}  // namespace
}  // namespace sandboxlet::agent
