#include "agent/traffic/host_interface.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <unistd.h>

#include "agent/traffic/network_namespace.h"
#include "agent/traffic/testing.h"

namespace sandboxlet::agent {
namespace {

class HostInterfaceTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "making networks needs root";
    enter_network_of_its_own();
    sandbox_ = std::make_unique<IdleProcess>();
    network_ = *open_network_namespace(sandbox_->pid());
  }

  // A veth from the node, or from another network, to the Sandbox.
  void add_veth(const std::string& name, const std::string& inside,
                const std::string& address = "") {
    run_here("ip link add " + name + " type veth peer name " + inside + " netns " +
             std::to_string(sandbox_->pid()) + (address.empty() ? "" : " address " + address));
  }
  void set_default_route(const std::string& inside, const std::string& more = "") {
    run_in(network_, "ip link set " + inside + " up; ip route add default dev " + inside + more);
  }

  std::unique_ptr<IdleProcess> sandbox_;
  UniqueFd network_;
};

TEST_F(HostInterfaceTest, IsTheNodesEndOfTheVeth) {
  add_veth("outside", "eth0", "02:00:00:01:02:03");
  const auto found = host_interface_of(sandbox_->pid());
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->name, "outside");
  EXPECT_EQ(found->index, static_cast<int>(if_nametoindex("outside")));
  EXPECT_EQ(found->sandbox_address, (MacAddress{2, 0, 0, 1, 2, 3}));
}

TEST_F(HostInterfaceTest, IsTheFirstVethWithoutADefaultRoute) {
  add_veth("first", "eth0");
  add_veth("second", "eth1");
  EXPECT_EQ(host_interface_of(sandbox_->pid())->name, "first");
}

TEST_F(HostInterfaceTest, IsThatOfTheDefaultRouteOfManyVeths) {
  add_veth("first", "eth0");
  add_veth("second", "eth1");
  set_default_route("eth1");
  EXPECT_EQ(host_interface_of(sandbox_->pid())->name, "second");
}

TEST_F(HostInterfaceTest, IsThatOfTheLowestMetric) {
  add_veth("first", "eth0");
  add_veth("second", "eth1");
  set_default_route("eth0", " metric 20");
  set_default_route("eth1", " metric 10");
  EXPECT_EQ(host_interface_of(sandbox_->pid())->name, "second");
}

TEST_F(HostInterfaceTest, IsThatOfTheDefaultRouteOfIpv6WhereThereIsNoOther) {
  add_veth("first", "eth0");
  add_veth("second", "eth1");
  run_here("ip link set second up");
  run_in(network_, "ip link set eth1 up; ip -6 route add default dev eth1");
  EXPECT_EQ(host_interface_of(sandbox_->pid())->name, "second");
}

TEST_F(HostInterfaceTest, IsNoVethToAThirdNetwork) {
  const IdleProcess third;
  const auto other = open_network_namespace(third.pid());
  // Of the same index as the one here, and with the default route.
  add_veth("here", "eth1");
  const std::string index = std::to_string(if_nametoindex("here"));
  run_in(*other, "ip link add there index " + index + " type veth peer name eth0 netns " +
                     std::to_string(sandbox_->pid()));
  set_default_route("eth0");
  EXPECT_EQ(host_interface_of(sandbox_->pid())->name, "here");
}

TEST_F(HostInterfaceTest, IsNoneWithinTheSandbox) {
  run_in(network_, "ip link add eth0 type veth peer name eth1");
  EXPECT_EQ(host_interface_of(sandbox_->pid()).error().code(), Code::kFailedPrecondition);
}

TEST_F(HostInterfaceTest, IsNoneWhereTheNodesNetworkIsShared) {
  EXPECT_EQ(host_interface_of(getpid()).error().code(), Code::kFailedPrecondition);
}

TEST_F(HostInterfaceTest, IsNoneOfAProcessThatIsGone) {
  const pid_t gone = sandbox_->pid();
  sandbox_->end();
  EXPECT_EQ(host_interface_of(gone).error().code(), Code::kNotFound);
}

}  // namespace
}  // namespace sandboxlet::agent
