#include "agent/traffic/packet_watch.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "agent/suspend/testing.h"
#include "agent/traffic/network_namespace.h"
#include "agent/traffic/testing.h"
#include "agent/traffic/waiting_data.h"
#include "base/command.h"

namespace sandboxlet::agent {
namespace {

// Where nobody listens.
constexpr uint16_t kClosedPort = 81;

class PacketWatchTest : public SandboxNetworkTest {
 protected:
  void SetUp() override {
    SandboxNetworkTest::SetUp();
    if (IsSkipped()) return;
    watch_ = start_watch();
  }

  std::shared_ptr<void> start_watch() {
    auto watch = watch_packets(io_, sandbox_->pid(), [this](WallTime at) { told_.push_back(at); });
    EXPECT_TRUE(watch) << watch.error().message();
    return watch ? *watch : nullptr;
  }

  // How much was told since the last look; packets have passed when the call that sent them
  // returns.
  size_t told() {
    io_.restart();
    io_.poll();
    return std::exchange(told_, {}).size();
  }
  // The same, once whatever the Sandbox's kernel had the node answer has passed too.
  size_t told_after_answers() {
    const size_t before = told();
    EXPECT_EQ(net_->send_to(net_->node_socket(SOCK_DGRAM), net_->sandbox_address(), 9), 1);
    size_t after = 0;
    wait_until([&] { return (after += told()) > 0; });
    return before + after - 1;
  }

  void connect() {
    SandboxNetworkTest::connect();
    EXPECT_EQ(told(), 1U) << "the SYN";
  }

  asio::io_context io_;
  std::vector<WallTime> told_;
  std::shared_ptr<void> watch_;
};

INSTANTIATE_TEST_SUITE_P(Network, PacketWatchTest, testing::ValuesIn(kShapes), name_of_shape);

TEST_P(PacketWatchTest, OfAHandshakeTheSynCountsAndTheAckDoesNot) {
  const UniqueFd listener = net_->serve_in_sandbox(SOCK_STREAM, kPort);
  const UniqueFd connection = net_->connect_to_sandbox(SOCK_STREAM, kPort);
  EXPECT_EQ(told_after_answers(), 1U);
}

TEST_P(PacketWatchTest, ASynToAClosedPortCounts) {
  EXPECT_EQ(net_->connect_to(net_->node_socket(SOCK_STREAM), net_->sandbox_address(), kClosedPort),
            ECONNREFUSED);
  EXPECT_EQ(told_after_answers(), 1U);
}

TEST_P(PacketWatchTest, DataCount) {
  connect();
  send_data(outside_);
  EXPECT_EQ(told(), 1U);
  send_data(outside_, std::string(1000, 'x'));
  EXPECT_EQ(told(), 1U);
}

TEST_P(PacketWatchTest, AFinCountsOnlyWithData) {
  connect();
  send_data(inside_);
  EXPECT_EQ(shutdown(outside_.get(), SHUT_WR), 0);
  EXPECT_EQ(told_after_answers(), 0U);
  inside_.reset();
  EXPECT_EQ(told_after_answers(), 0U);
}

TEST_P(PacketWatchTest, ALastPieceOfDataThatCarriesTheFinCounts) {
  connect();
  constexpr int kOn = 1;
  EXPECT_EQ(setsockopt(outside_.get(), IPPROTO_TCP, TCP_CORK, &kOn, sizeof(kOn)), 0);
  send_data(outside_);
  EXPECT_EQ(told(), 0U);
  outside_.reset();
  EXPECT_EQ(told_after_answers(), 1U);
}

TEST_P(PacketWatchTest, AResetDoesNotCount) {
  connect();
  close_by_reset(std::move(outside_));
  EXPECT_EQ(told_after_answers(), 0U);
}

// RFC 9293, 3.5.3: a reset may carry a text that says why.
TEST_P(PacketWatchTest, AResetWithATextDoesNotCount) {
  constexpr char kHeaderWords = 5 << 4;
  constexpr char kRst = 4;
  constexpr char kAck = 16;
  const UniqueFd raw(socket(GetParam().family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP));
  std::string segment = std::string(20, '\0') + "why";
  segment[12] = kHeaderWords;
  segment[13] = kRst | kAck;
  EXPECT_EQ(net_->send_to(raw, net_->sandbox_address(), 0, segment), 23) << strerror(errno);
  EXPECT_EQ(told_after_answers(), 0U);
  segment[13] = kAck;
  EXPECT_EQ(net_->send_to(raw, net_->sandbox_address(), 0, segment), 23) << strerror(errno);
  EXPECT_EQ(told_after_answers(), 1U);
}

TEST_P(PacketWatchTest, AnAcknowledgementDoesNotCount) {
  connect();
  send_data(inside_, std::string(100'000, 'x'));
  read_data(outside_, 100'000);
  EXPECT_EQ(told_after_answers(), 0U);
}

TEST_P(PacketWatchTest, AKeepaliveDoesNotCount) {
  connect();
  wait_for_keepalive(outside_);
  EXPECT_EQ(told_after_answers(), 0U);
}

TEST_P(PacketWatchTest, ADatagramToAServerCountsServedOrNot) {
  const UniqueFd server = net_->serve_in_sandbox(SOCK_DGRAM, kPort);
  const UniqueFd client = net_->node_socket(SOCK_DGRAM);
  EXPECT_EQ(net_->send_to(client, net_->sandbox_address(), kPort), 1);
  EXPECT_EQ(told(), 1U);
  EXPECT_EQ(net_->send_to(client, net_->sandbox_address(), kClosedPort, ""), 0);
  EXPECT_EQ(told(), 1U);
}

TEST_P(PacketWatchTest, AnAnswerToTheSandboxsOwnQueryDoesNotCount) {
  const UniqueFd server = net_->serve_on_node(SOCK_DGRAM, 53);
  const UniqueFd client = net_->connect_to_node(SOCK_DGRAM, 53);
  ask_and_answer(client, server);
  read_data(client);
  EXPECT_EQ(told_after_answers(), 0U);
}

TEST_P(PacketWatchTest, WhichPortsAreOfAnswersTheSandboxsNetworkSays) {
  run_in(net_->network(), "echo 20000 20010 > /proc/sys/net/ipv4/ip_local_port_range");
  watch_ = start_watch();
  const UniqueFd client = net_->node_socket(SOCK_DGRAM);
  const auto counts = [&](uint16_t port) {
    EXPECT_EQ(net_->send_to(client, net_->sandbox_address(), port), 1);
    return told() == 1;
  };
  EXPECT_TRUE(counts(19'999));
  EXPECT_FALSE(counts(20'000));
  EXPECT_FALSE(counts(20'010));
  EXPECT_TRUE(counts(20'011));
  EXPECT_TRUE(counts(40'000));
}

TEST_P(PacketWatchTest, WhatTheSandboxSendsDoesNotCount) {
  const UniqueFd listener = net_->serve_on_node(SOCK_STREAM, kPort);
  const UniqueFd connection = net_->connect_to_node(SOCK_STREAM, kPort);
  send_data(connection);
  EXPECT_EQ(net_->send_to(net_->sandbox_socket(SOCK_DGRAM), net_->node_address(), kPort), 1);
  EXPECT_EQ(told_after_answers(), 0U);
}

TEST_P(PacketWatchTest, DataOnAConnectionThatTheSandboxMadeCount) {
  const UniqueFd listener = net_->serve_on_node(SOCK_STREAM, kPort);
  const UniqueFd connection = net_->connect_to_node(SOCK_STREAM, kPort);
  send_data(accepted(listener));
  EXPECT_EQ(told_after_answers(), 1U);
}

TEST_P(PacketWatchTest, AGroupsPacketsDoNotCount) {
  const UniqueFd sender = net_->node_socket(SOCK_DGRAM);
  if (GetParam().family == AF_INET) {
    constexpr int kOn = 1;
    EXPECT_EQ(setsockopt(sender.get(), SOL_SOCKET, SO_BROADCAST, &kOn, sizeof(kOn)), 0);
    run_here("ip route add 224.0.0.0/4 dev " + net_->node_interface());
    EXPECT_EQ(net_->send_to(sender, "224.0.0.251", kPort), 1) << strerror(errno);
    if (GetParam().plugin == Plugin::kBridge) {
      EXPECT_EQ(net_->send_to(sender, "10.77.0.255", kPort), 1) << strerror(errno);
    }
  } else {
    const auto index = static_cast<int>(if_nametoindex(net_->node_interface().c_str()));
    EXPECT_EQ(setsockopt(sender.get(), IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof(index)), 0);
    EXPECT_EQ(net_->send_to(sender, "ff02::fb", kPort), 1) << strerror(errno);
  }
  EXPECT_EQ(told(), 0U);
}

TEST_P(PacketWatchTest, APingDoesNotCount) {
  const bool v4 = GetParam().family == AF_INET;
  const int protocol = v4 ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6};
  const UniqueFd pinger(socket(GetParam().family, SOCK_RAW | SOCK_CLOEXEC, protocol));
  std::string request(64, '\0');
  request[0] = static_cast<char>(v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST);
  EXPECT_EQ(net_->send_to(pinger, net_->sandbox_address(), 0, request), 64) << strerror(errno);
  EXPECT_EQ(told_after_answers(), 0U);
}

TEST_P(PacketWatchTest, OptionsOfIpAreLookedThrough) {
  connect();
  // Four bytes of padding; a header of eight with padding.
  const std::string options = GetParam().family == AF_INET ? std::string("\1\1\1\1", 4)
                                                           : std::string("\0\0\1\4\0\0\0\0", 8);
  const UniqueFd client = net_->node_socket(SOCK_DGRAM);
  for (const UniqueFd* fd : {&std::as_const(outside_), &client}) {
    if (GetParam().family == AF_INET) {
      EXPECT_EQ(setsockopt(fd->get(), IPPROTO_IP, IP_OPTIONS, options.data(), 4), 0);
    } else {
      EXPECT_EQ(setsockopt(fd->get(), IPPROTO_IPV6, IPV6_HOPOPTS, options.data(), 8), 0);
      EXPECT_EQ(setsockopt(fd->get(), IPPROTO_IPV6, IPV6_DSTOPTS, options.data(), 8), 0);
    }
  }
  send_data(outside_);
  EXPECT_EQ(told(), 1U);
  EXPECT_EQ(net_->send_to(client, net_->sandbox_address(), kPort), 1);
  EXPECT_EQ(told(), 1U);
  EXPECT_EQ(net_->send_to(client, net_->sandbox_address(), 50'000), 1);
  send_data(inside_);
  read_data(outside_);
  EXPECT_EQ(shutdown(outside_.get(), SHUT_WR), 0);
  EXPECT_EQ(told_after_answers(), 0U);
}

// The kernel begins to take times some milliseconds after the first who asks for them.
TEST_P(PacketWatchTest, TheTimeIsThePacketsOwn) {
  const auto now = [] { return std::chrono::system_clock::now(); };
  const UniqueFd client = net_->node_socket(SOCK_DGRAM);
  wait_until([&] {
    told();
    const auto before = now();
    EXPECT_EQ(net_->send_to(client, net_->sandbox_address(), kPort), 1);
    const auto after = now();
    while (now() < after + std::chrono::milliseconds(5)) std::this_thread::yield();
    io_.restart();
    io_.poll();
    return told_.size() == 1 && told_[0] >= before && told_[0] <= after;
  });
}

TEST_P(PacketWatchTest, TheSearchForANeighbourDoesNotCount) {
  for (const auto* address : {"10.77.0.2", "fd77::2"}) {
    run_here(std::string("ip neighbour delete ") + address + " dev " + net_->node_interface());
  }
  const UniqueFd listener = net_->serve_in_sandbox(SOCK_STREAM, kPort);
  const UniqueFd connection = net_->connect_to_sandbox(SOCK_STREAM, kPort);
  EXPECT_EQ(told_after_answers(), 1U);
}

TEST_P(PacketWatchTest, OfAFloodSomeIsTold) {
  const UniqueFd client = net_->node_socket(SOCK_DGRAM);
  for (int i = 0; i < 1000; ++i) net_->send_to(client, net_->sandbox_address(), kPort);
  const size_t some = told();
  EXPECT_GE(some, 1U);
  EXPECT_LT(some, 10U);
  EXPECT_EQ(net_->send_to(client, net_->sandbox_address(), kPort), 1);
  EXPECT_EQ(told(), 1U);
}

TEST_P(PacketWatchTest, NothingIsToldAfterItsEnd) {
  const UniqueFd client = net_->node_socket(SOCK_DGRAM);
  EXPECT_EQ(net_->send_to(client, net_->sandbox_address(), kPort), 1);
  watch_.reset();
  EXPECT_EQ(told(), 0U);
}

TEST_P(PacketWatchTest, MayBeEndedFromItsOwnCallback) {
  watch_ = *watch_packets(io_, sandbox_->pid(),
                          [this](WallTime at) { told_.push_back(at), watch_.reset(); });
  const UniqueFd client = net_->node_socket(SOCK_DGRAM);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(net_->send_to(client, net_->sandbox_address(), kPort), 1);
  }
  EXPECT_EQ(told(), 1U);
}

TEST_P(PacketWatchTest, GoesOnWhenTheInterfaceWasDown) {
  run_here(std::string("ip link set ") + kHostInterface + " down");
  EXPECT_EQ(told(), 0U);
  run_here(std::string("ip link set ") + kHostInterface + " up");
  if (GetParam().plugin == Plugin::kPtp) {
    run_here(R"(
      ip route replace 10.77.0.2 dev sandbox-veth
      ip address replace fd77::1/128 dev sandbox-veth nodad
      ip route replace fd77::2 dev sandbox-veth)");
  }
  const UniqueFd client = net_->node_socket(SOCK_DGRAM);
  wait_until([&] {
    net_->send_to(client, net_->sandbox_address(), kPort);
    return told() > 0;
  });
}

TEST_P(PacketWatchTest, WaitsForNothingWhenTheInterfaceIsGone) {
  run_here(std::string("ip link delete ") + kHostInterface);
  EXPECT_EQ(told(), 0U);
  EXPECT_EQ(io_.poll(), 0U);
}

class BridgeFloodTest : public PacketWatchTest {};
INSTANTIATE_TEST_SUITE_P(Network, BridgeFloodTest,
                         testing::Values(Shape{Plugin::kBridge, AF_INET},
                                         Shape{Plugin::kBridge, AF_INET6}),
                         name_of_shape);

// A bridge has forgotten a neighbour that was silent for some minutes, as one that is frozen.
TEST_P(BridgeFloodTest, WhatIsForASilentNeighbourDoesNotCount) {
  const std::string neighbour = GetParam().family == AF_INET ? "10.77.0.9" : "fd77::9";
  run_here("ip neighbour add " + neighbour + " lladdr 02:00:00:00:00:09 dev sandbox-bridge");
  const auto packets_out = [] {
    const auto link = run_command({"ip", "-json", "-statistics", "link", "show", kHostInterface});
    EXPECT_TRUE(link);
    const size_t sent = link->find("\"packets\":", link->find("\"tx\":"));
    return std::stoi(link->substr(sent + 10));
  };
  const int before = packets_out();
  EXPECT_EQ(net_->send_to(net_->node_socket(SOCK_DGRAM), neighbour, kPort), 1);
  EXPECT_GT(packets_out(), before);
  EXPECT_EQ(told(), 0U);
}

// A real process in a real frozen cgroup, with v1's freezer and with v2's.
class FrozenSandboxTest : public CgroupsTest {
 protected:
  // Listens, then reads a byte of one connection.
  pid_t start_server() {
    const pid_t pid = start([this] {
      if (unshare(CLONE_NEWNET) != 0) return;
      const UniqueFd listener(socket(AF_INET, SOCK_STREAM, 0));
      const sockaddr_in any{.sin_family = AF_INET, .sin_port = htons(kPort)};
      if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)) != 0) return;
      if (listen(listener.get(), 1) != 0) return;
      *listens_ = true;
      const UniqueFd connection(accept(listener.get(), nullptr, nullptr));
      char byte = 0;
      *has_read_ = read(connection.get(), &byte, 1) == 1;
      pause();
    });
    wait_until([this] { return (*listens_).load(); });
    return pid;
  }

  const SharedMemory<std::atomic<bool>> listens_;
  const SharedMemory<std::atomic<bool>> has_read_;
};

INSTANTIATE_TEST_SUITE_P(Machine, FrozenSandboxTest, testing::Values(Freezers::kV1, Freezers::kV2),
                         name_of);

TEST_P(FrozenSandboxTest, AConnectionIsSeenAndWaitsUntilItIsRead) {
  enter_network_of_its_own();
  const pid_t pid = start_server();
  const SandboxNetwork net(pid, {Plugin::kBridge, AF_INET});
  ASSERT_TRUE(cgroups_->freeze(kName));
  EXPECT_EQ(has_waiting_data(pid).value(), false);

  asio::io_context io;
  int told = 0;
  const auto watch = watch_packets(io, pid, [&](WallTime) { ++told; });
  ASSERT_TRUE(watch) << watch.error().message();
  const UniqueFd connection = net.connect_to_sandbox(SOCK_STREAM, kPort);
  io.poll();
  EXPECT_EQ(told, 1);
  EXPECT_EQ(has_waiting_data(pid).value(), true);
  send_data(connection);
  io.poll();
  EXPECT_EQ(told, 2);
  EXPECT_EQ(has_waiting_data(pid).value(), true);

  ASSERT_TRUE(cgroups_->thaw(kName));
  wait_until([this] { return (*has_read_).load(); });
  EXPECT_EQ(has_waiting_data(pid).value(), false);
}

}  // namespace
}  // namespace sandboxlet::agent
