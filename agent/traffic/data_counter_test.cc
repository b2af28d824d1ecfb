#include "agent/traffic/data_counter.h"

#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <thread>

#include "agent/traffic/filter_program.h"
#include "agent/traffic/netlink.h"
#include "agent/traffic/packet_socket.h"
#include "agent/traffic/testing.h"

namespace sandboxlet::agent {
namespace {

class DataCounterTest : public SandboxNetworkTest {
 protected:
  void SetUp() override {
    SandboxNetworkTest::SetUp();
    if (IsSkipped()) return;
    counter_ = *DataCounter::open(sandbox_->pid());
  }

  // Packets since the last look.
  uint64_t counted() {
    const auto now = counter_->read();
    EXPECT_TRUE(now) << now.error().message();
    return *now - std::exchange(last_, *now);
  }

  std::unique_ptr<DataCounter> counter_;
  uint64_t last_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Network, DataCounterTest, testing::ValuesIn(kShapes), name_of_shape);

TEST_P(DataCounterTest, CountsDataBothWays) {
  connect();
  EXPECT_EQ(counted(), 0U);
  send_data(outside_);
  read_data(inside_);
  EXPECT_EQ(counted(), 1U);
  send_data(inside_);
  read_data(outside_);
  EXPECT_EQ(counted(), 1U);
  EXPECT_EQ(counted(), 0U);
}

TEST_P(DataCounterTest, CountsDatagramsBothWays) {
  const UniqueFd server = net_->serve_on_node(SOCK_DGRAM, kPort);
  const UniqueFd client = net_->connect_to_node(SOCK_DGRAM, kPort);
  send_data(client);
  read_data(server);
  EXPECT_EQ(counted(), 1U);
  EXPECT_EQ(net_->send_to(server, net_->sandbox_address(), kPort), 1);
  EXPECT_EQ(counted(), 1U);
}

TEST_P(DataCounterTest, CountsWhatMovedOnConnectionsThatHaveEnded) {
  connect();
  send_data(outside_);
  read_data(inside_);
  inside_.reset();
  outside_.reset();
  listener_.reset();
  EXPECT_EQ(counted(), 1U);
}

TEST_P(DataCounterTest, CountsNoConnectionWithoutData) {
  connect();
  wait_for_keepalive(outside_);
  wait_for_keepalive(inside_);
  outside_.reset();
  inside_.reset();
  EXPECT_EQ(counted(), 0U);
}

TEST_P(DataCounterTest, CountsNothingThatStaysInTheSandbox) {
  const UniqueFd server = net_->serve_in_sandbox(SOCK_DGRAM, kPort);
  const UniqueFd client = net_->sandbox_socket(SOCK_DGRAM);
  EXPECT_EQ(net_->send_to(client, net_->sandbox_address(), kPort), 1);
  read_data(server);
  EXPECT_EQ(counted(), 0U);
}

TEST_P(DataCounterTest, CountsNothingForAGroup) {
  const UniqueFd sender = net_->sandbox_socket(SOCK_DGRAM);
  run_in(net_->network(), "ip route add 224.0.0.0/4 dev eth0");
  const bool v4 = GetParam().family == AF_INET;
  EXPECT_EQ(net_->send_to(sender, v4 ? "224.0.0.251" : "ff05::fb", kPort), 1) << strerror(errno);
  EXPECT_EQ(counted(), 0U);
}

TEST_P(DataCounterTest, CountsADatagramInFragmentsOnce) {
  const UniqueFd server = net_->serve_in_sandbox(SOCK_DGRAM, kPort);
  const std::string data(4000, 'x');
  EXPECT_EQ(net_->send_to(net_->node_socket(SOCK_DGRAM), net_->sandbox_address(), kPort, data),
            4000);
  read_data(server, 4000);
  EXPECT_EQ(counted(), 1U);
}

TEST_P(DataCounterTest, CountsAFloodWhole) {
  const UniqueFd client = net_->node_socket(SOCK_DGRAM);
  for (int i = 0; i < 1000; ++i) net_->send_to(client, net_->sandbox_address(), kPort);
  EXPECT_EQ(counted(), 1000U);
}

// Packets to the Sandbox that are longer than that.
UniqueFd longer_than(uint32_t length) {
  FilterProgram program;
  const auto take = program.label();
  const auto drop = program.label();
  program.add(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(SKF_AD_OFF + SKF_AD_PKTTYPE));
  program.jump_if(BPF_JEQ, PACKET_OUTGOING, FilterProgram::kNext, drop);
  program.add(BPF_LD | BPF_W | BPF_LEN);
  program.jump_if(BPF_JGT, length, take, drop);
  program.place(take);
  program.add(BPF_RET | BPF_K, 1);
  program.place(drop);
  program.add(BPF_RET | BPF_K, 0);
  auto packets =
      open_packet_socket(static_cast<int>(if_nametoindex(kHostInterface)), program.finish());
  EXPECT_TRUE(packets) << packets.error().message();
  return *std::move(packets);
}

uint64_t seen_by(const UniqueFd& packets) {
  tpacket_stats statistics{};
  socklen_t size = sizeof(statistics);
  EXPECT_EQ(getsockopt(packets.get(), SOL_PACKET, PACKET_STATISTICS, &statistics, &size), 0);
  return statistics.tp_packets;
}

// IPv6's and IPv4's, as the ip command of Debian 12 knows the former alone.
void allow_long_packets(const std::string& interface) {
  constexpr uint32_t kLength = 180'000;
  constexpr uint16_t kIp4Send = 63;
  constexpr uint16_t kIp4Receive = 64;
  run_here("ip link set " + interface + " gso_max_size 180000 gro_max_size 180000");
  const auto routes = open_netlink(NETLINK_ROUTE);
  for (const uint16_t limit : {kIp4Send, kIp4Receive}) {
    const ifinfomsg link{.ifi_index = static_cast<int>(if_nametoindex(interface.c_str()))};
    std::string request = netlink_payload(link);
    add_netlink_attribute(request, limit, netlink_payload(kLength));
    const auto done = ask_netlink(*routes, RTM_NEWLINK, NLM_F_ACK, request, [](NetlinkBytes) {});
    EXPECT_TRUE(done) << done.error().message();
  }
}

TEST_P(DataCounterTest, CountsPacketsThatAreTooLongForTheirHeader) {
  constexpr size_t kSize = 20'000'000;
  allow_long_packets(kHostInterface);
  if (GetParam().plugin == Plugin::kBridge) allow_long_packets(net_->node_interface());
  connect();
  const UniqueFd with_data = longer_than(100);
  const UniqueFd too_long = longer_than(65'575);
  std::thread reader([this] { read_data(inside_, kSize); });
  send_data(outside_, std::string(kSize, 'x'));
  reader.join();
  EXPECT_GT(seen_by(too_long), 0U);
  EXPECT_EQ(counted(), seen_by(with_data));
}

TEST_P(DataCounterTest, SaysOnceThatTheInterfaceWentDown) {
  run_here(std::string("ip link set ") + kHostInterface + " down");
  EXPECT_EQ(counter_->read().error().code(), Code::kUnavailable);
  EXPECT_TRUE(counter_->read());
}

}  // namespace
}  // namespace sandboxlet::agent
