#include "agent/traffic/waiting_data.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "agent/traffic/testing.h"

namespace sandboxlet::agent {
namespace {

using namespace std::chrono_literals;

class WaitingDataTest : public SandboxNetworkTest {
 protected:
  bool waits() {
    const auto waits = has_waiting_data(sandbox_->pid());
    EXPECT_TRUE(waits) << waits.error().message();
    return waits.value_or(false);
  }
};

bool is_new(pid_t pid, Duration within) {
  const auto found = has_new_data(pid, within);
  EXPECT_TRUE(found) << found.error().message();
  return found.value_or(false);
}

INSTANTIATE_TEST_SUITE_P(Network, WaitingDataTest,
                         testing::Values(Shape{Plugin::kPtp, AF_INET},
                                         Shape{Plugin::kPtp, AF_INET6}),
                         name_of_shape);

TEST_P(WaitingDataTest, NothingWaitsAtFirst) {
  const UniqueFd listener = net_->serve_in_sandbox(SOCK_STREAM, kPort);
  const UniqueFd server = net_->serve_in_sandbox(SOCK_DGRAM, kPort);
  EXPECT_FALSE(waits());
}

TEST_P(WaitingDataTest, AConnectionWaitsUntilItIsAccepted) {
  const UniqueFd listener = net_->serve_in_sandbox(SOCK_STREAM, kPort);
  const UniqueFd outside = net_->connect_to_sandbox(SOCK_STREAM, kPort);
  EXPECT_TRUE(waits());
  const UniqueFd inside = accepted(listener);
  EXPECT_FALSE(waits());
}

TEST_P(WaitingDataTest, AByteWaitsUntilItIsRead) {
  connect();
  send_data(outside_);
  EXPECT_TRUE(waits());
  read_data(inside_);
  EXPECT_FALSE(waits());
}

TEST_P(WaitingDataTest, ADatagramWaitsUntilItIsRead) {
  const UniqueFd server = net_->serve_in_sandbox(SOCK_DGRAM, kPort);
  EXPECT_EQ(net_->send_to(net_->node_socket(SOCK_DGRAM), net_->sandbox_address(), kPort), 1);
  EXPECT_TRUE(waits());
  read_data(server);
  EXPECT_FALSE(waits());
}

TEST_P(WaitingDataTest, TheEndOfAConnectionDoesNotWait) {
  connect();
  EXPECT_EQ(shutdown(outside_.get(), SHUT_WR), 0);
  EXPECT_FALSE(waits());
}

TEST_P(WaitingDataTest, AByteBeforeTheEndOfAConnectionWaits) {
  connect();
  send_data(outside_);
  EXPECT_EQ(shutdown(outside_.get(), SHUT_WR), 0);
  EXPECT_TRUE(waits());
  read_data(inside_);
  EXPECT_FALSE(waits());
}

TEST_P(WaitingDataTest, AByteForWhoSendsNoMoreWaits) {
  connect();
  EXPECT_EQ(shutdown(inside_.get(), SHUT_WR), 0);
  send_data(outside_);
  EXPECT_TRUE(waits());
}

TEST_P(WaitingDataTest, AnAnswerDoesNotWait) {
  const UniqueFd server = net_->serve_on_node(SOCK_DGRAM, 53);
  const UniqueFd client = net_->connect_to_node(SOCK_DGRAM, 53);
  ask_and_answer(client, server);
  char byte = 0;
  EXPECT_EQ(recv(client.get(), &byte, 1, MSG_PEEK), 1);
  EXPECT_FALSE(waits());
}

TEST_P(WaitingDataTest, WhatTheSandboxSendsItselfDoesNotWait) {
  const UniqueFd listener = net_->serve_in_sandbox(SOCK_STREAM, kPort);
  const UniqueFd client = net_->sandbox_socket(SOCK_STREAM);
  const std::string loopback = GetParam().family == AF_INET ? "127.0.0.1" : "::1";
  EXPECT_EQ(net_->connect_to(client, loopback, kPort), 0);
  const UniqueFd inside = accepted(listener);
  send_data(client);
  EXPECT_FALSE(waits());
}

TEST_P(WaitingDataTest, AConnectionIsNewUntilItIsAccepted) {
  const UniqueFd listener = net_->serve_in_sandbox(SOCK_STREAM, kPort);
  EXPECT_FALSE(is_new(sandbox_->pid(), 1h));
  const UniqueFd outside = net_->connect_to_sandbox(SOCK_STREAM, kPort);
  EXPECT_TRUE(is_new(sandbox_->pid(), 1h));
  const UniqueFd inside = accepted(listener);
  EXPECT_FALSE(is_new(sandbox_->pid(), 1h));
}

// The server is told of such a one once it has said something; till then it is as one whose last
// packet is still on its way.
TEST_P(WaitingDataTest, AConnectionWaitsWhileItIsHalfOpen) {
  const UniqueFd listener = net_->serve_in_sandbox(SOCK_STREAM, kPort);
  constexpr int kSeconds = 60;
  ASSERT_EQ(setsockopt(listener.get(), IPPROTO_TCP, TCP_DEFER_ACCEPT, &kSeconds, sizeof(kSeconds)),
            0);
  const UniqueFd outside = net_->connect_to_sandbox(SOCK_STREAM, kPort);
  EXPECT_TRUE(waits());
  EXPECT_TRUE(is_new(sandbox_->pid(), 1h));
}

TEST_P(WaitingDataTest, AByteIsNewUntilItIsRead) {
  connect();
  send_data(outside_);
  EXPECT_TRUE(is_new(sandbox_->pid(), 1h));
  read_data(inside_);
  EXPECT_FALSE(is_new(sandbox_->pid(), 1h));
}

TEST_P(WaitingDataTest, WhatIsLeftUnreadIsNotNewForEver) {
  connect();
  send_data(outside_);
  wait_until([&] { return !is_new(sandbox_->pid(), 1ms); });
  EXPECT_TRUE(is_new(sandbox_->pid(), 1h));
}

TEST_P(WaitingDataTest, IsUnknownOfAProcessThatIsGone) {
  const pid_t gone = sandbox_->pid();
  sandbox_->end();
  EXPECT_EQ(has_waiting_data(gone).error().code(), Code::kNotFound);
}

}  // namespace
}  // namespace sandboxlet::agent
