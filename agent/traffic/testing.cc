#include "agent/traffic/testing.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <thread>

#include "agent/traffic/network_namespace.h"
#include "base/command.h"

namespace sandboxlet::agent {

namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Address address_of(int family, const std::string& text, uint16_t port) {
  Address address;
  address.storage.ss_family = static_cast<sa_family_t>(family);
  if (family == AF_INET) {
    auto* in = reinterpret_cast<sockaddr_in*>(&address.storage);
    in->sin_port = htons(port);
    EXPECT_EQ(inet_pton(family, text.c_str(), &in->sin_addr), 1) << text;
    address.size = sizeof(*in);
  } else {
    auto* in6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    in6->sin6_port = htons(port);
    EXPECT_EQ(inet_pton(family, text.c_str(), &in6->sin6_addr), 1) << text;
    address.size = sizeof(*in6);
  }
  return address;
}

// Both families at once: each test uses one. Neighbours are known, as a search for one that begins
// too early takes a second.
constexpr char kBridgeScript[] = R"(
  node=sandbox-bridge
  ip link set lo up
  ip link add $node address 02:00:00:00:00:01 type bridge
  ip address add 10.77.0.1/24 broadcast + dev $node
  ip address add fd77::1/64 dev $node nodad
  ip link set $node up
  ip link set sandbox-veth master $node up
  ip neighbour add 10.77.0.2 lladdr 02:00:00:00:00:02 dev $node
  ip neighbour add fd77::2 lladdr 02:00:00:00:00:02 dev $node)";
constexpr char kPtpScript[] = R"(
  node=sandbox-veth
  ip link set lo up
  ip link set $node address 02:00:00:00:00:01
  ip address add 10.77.0.1/32 dev $node
  ip address add fd77::1/128 dev $node nodad
  ip link set $node up
  ip route add 10.77.0.2 dev $node
  ip route add fd77::2 dev $node
  ip neighbour add 10.77.0.2 lladdr 02:00:00:00:00:02 dev $node
  ip neighbour add fd77::2 lladdr 02:00:00:00:00:02 dev $node)";
constexpr char kSandboxScript[] = R"(
  ip link set lo up
  ip link set eth0 address 02:00:00:00:00:02
  ip address add 10.77.0.2/24 dev eth0
  ip address add fd77::2/64 dev eth0 nodad
  ip link set eth0 up
  ip neighbour add 10.77.0.1 lladdr 02:00:00:00:00:01 dev eth0
  ip neighbour add fd77::1 lladdr 02:00:00:00:00:01 dev eth0
  ip route add default via 10.77.0.1
  ip route add default via fd77::1)";

}  // namespace

void enter_network_of_its_own() { ASSERT_EQ(unshare(CLONE_NEWNET), 0) << strerror(errno); }

void run_here(const std::string& script) {
  const auto done = run_command({"sh", "-ec", script});
  ASSERT_TRUE(done) << script << ": " << done.error().message();
}

void run_in(const UniqueFd& network, const std::string& script) {
  EXPECT_TRUE(in_network_namespace(network, [&]() -> Result<> {
    run_here(script);
    return {};
  }));
}

IdleProcess::IdleProcess() {
  int ready[2];
  EXPECT_EQ(pipe(ready), 0);
  UniqueFd reader(ready[0]);
  UniqueFd writer(ready[1]);
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const char done = unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';
    if (write(writer.get(), &done, 1) != 1) _exit(1);
    for (;;) pause();
  }
  char done = 0;
  EXPECT_EQ(read(reader.get(), &done, 1), 1);
  EXPECT_EQ(done, 'y');
}

void IdleProcess::end() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

std::string name_of_shape(const testing::TestParamInfo<Shape>& info) {
  const bool bridge = info.param.plugin == Plugin::kBridge;
  return std::string(bridge ? "Bridge" : "Ptp") + (info.param.family == AF_INET ? "4" : "6");
}

SandboxNetwork::SandboxNetwork(pid_t pid, const Shape& shape) : shape_(shape) {
  auto network = open_network_namespace(pid);
  EXPECT_TRUE(network);
  network_ = *std::move(network);
  run_here(std::string("ip link add ") + kHostInterface + " type veth peer name eth0 netns " +
           std::to_string(pid));
  run_here(shape_.plugin == Plugin::kBridge ? kBridgeScript : kPtpScript);
  run_in(network_, kSandboxScript);
  wait_until([this] {
    return passes(node_socket(SOCK_DGRAM), serve_in_sandbox(SOCK_DGRAM, 1), sandbox_address()) &&
           passes(sandbox_socket(SOCK_DGRAM), serve_on_node(SOCK_DGRAM, 1), node_address());
  });
}

// A new interface may lose what it is given first.
bool SandboxNetwork::passes(const UniqueFd& from, const UniqueFd& to,
                            const std::string& address) const {
  constexpr timeval kSoon{0, 10'000};
  EXPECT_EQ(setsockopt(to.get(), SOL_SOCKET, SO_RCVTIMEO, &kSoon, sizeof(kSoon)), 0);
  char byte = 0;
  return send_to(from, address, 1) == 1 && recv(to.get(), &byte, 1, 0) == 1;
}

std::string SandboxNetwork::node_interface() const {
  return shape_.plugin == Plugin::kBridge ? "sandbox-bridge" : kHostInterface;
}

std::string SandboxNetwork::sandbox_address() const {
  return shape_.family == AF_INET ? "10.77.0.2" : "fd77::2";
}

std::string SandboxNetwork::node_address() const {
  return shape_.family == AF_INET ? "10.77.0.1" : "fd77::1";
}

UniqueFd SandboxNetwork::node_socket(int type) const {
  UniqueFd opened(socket(shape_.family, type | SOCK_CLOEXEC, 0));
  EXPECT_TRUE(opened) << strerror(errno);
  return opened;
}

UniqueFd SandboxNetwork::sandbox_socket(int type) const {
  auto opened = open_socket_in(network_, shape_.family, type, 0);
  EXPECT_TRUE(opened);
  return *std::move(opened);
}

UniqueFd SandboxNetwork::serve_in_sandbox(int type, uint16_t port) const {
  return serve(sandbox_socket(type), port);
}

UniqueFd SandboxNetwork::serve_on_node(int type, uint16_t port) const {
  return serve(node_socket(type), port);
}

UniqueFd SandboxNetwork::serve(UniqueFd at, uint16_t port) const {
  const Address any = address_of(shape_.family, shape_.family == AF_INET ? "0.0.0.0" : "::", port);
  EXPECT_EQ(bind(at.get(), any.get(), any.size), 0) << strerror(errno);
  int type = 0;
  socklen_t size = sizeof(type);
  EXPECT_EQ(getsockopt(at.get(), SOL_SOCKET, SO_TYPE, &type, &size), 0);
  if (type == SOCK_STREAM) {
    EXPECT_EQ(listen(at.get(), 10), 0);
  }
  return at;
}

UniqueFd SandboxNetwork::connect_to_sandbox(int type, uint16_t port) const {
  UniqueFd from = node_socket(type);
  EXPECT_EQ(connect_to(from, sandbox_address(), port), 0);
  return from;
}

UniqueFd SandboxNetwork::connect_to_node(int type, uint16_t port) const {
  UniqueFd from = sandbox_socket(type);
  EXPECT_EQ(connect_to(from, node_address(), port), 0);
  return from;
}

int SandboxNetwork::connect_to(const UniqueFd& from, const std::string& address,
                               uint16_t port) const {
  const Address to = address_of(shape_.family, address, port);
  return connect(from.get(), to.get(), to.size) == 0 ? 0 : errno;
}

ssize_t SandboxNetwork::send_to(const UniqueFd& from, const std::string& address, uint16_t port,
                                const std::string& data) const {
  const Address to = address_of(shape_.family, address, port);
  return sendto(from.get(), data.data(), data.size(), 0, to.get(), to.size);
}

void SandboxNetworkTest::SetUp() {
  if (geteuid() != 0) GTEST_SKIP() << "making networks needs root";
  enter_network_of_its_own();
  sandbox_ = std::make_unique<IdleProcess>();
  net_ = std::make_unique<SandboxNetwork>(sandbox_->pid(), GetParam());
}

void SandboxNetworkTest::connect() {
  listener_ = net_->serve_in_sandbox(SOCK_STREAM, kPort);
  outside_ = net_->connect_to_sandbox(SOCK_STREAM, kPort);
  inside_ = accepted(listener_);
}

UniqueFd accepted(const UniqueFd& listener) {
  UniqueFd connection(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_TRUE(connection) << strerror(errno);
  return connection;
}

void send_data(const UniqueFd& to, const std::string& data) {
  EXPECT_EQ(send(to.get(), data.data(), data.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(data.size()));
}

void ask_and_answer(const UniqueFd& client, const UniqueFd& server) {
  send_data(client);
  sockaddr_storage from{};
  socklen_t size = sizeof(from);
  char byte = 0;
  EXPECT_EQ(recvfrom(server.get(), &byte, 1, 0, reinterpret_cast<sockaddr*>(&from), &size), 1);
  EXPECT_EQ(sendto(server.get(), &byte, 1, 0, reinterpret_cast<sockaddr*>(&from), size), 1);
}

void read_data(const UniqueFd& from, size_t size) {
  std::string data(size, '\0');
  EXPECT_EQ(recv(from.get(), data.data(), size, MSG_WAITALL), static_cast<ssize_t>(size));
}

void close_by_reset(UniqueFd connection) {
  constexpr linger kAtOnce{1, 0};
  EXPECT_EQ(setsockopt(connection.get(), SOL_SOCKET, SO_LINGER, &kAtOnce, sizeof(kAtOnce)), 0);
}

void wait_for_keepalive(const UniqueFd& connection) {
  const auto since_answer = [&] {
    tcp_info info{};
    socklen_t size = sizeof(info);
    EXPECT_EQ(getsockopt(connection.get(), IPPROTO_TCP, TCP_INFO, &info, &size), 0);
    return info.tcpi_last_ack_recv;
  };
  constexpr int kOne = 1;
  EXPECT_EQ(setsockopt(connection.get(), IPPROTO_TCP, TCP_KEEPIDLE, &kOne, sizeof(kOne)), 0);
  EXPECT_EQ(setsockopt(connection.get(), SOL_SOCKET, SO_KEEPALIVE, &kOne, sizeof(kOne)), 0);
  // The milliseconds since the last answer begin anew with the next.
  wait_until([&] { return since_answer() > 500; });
  wait_until([&] { return since_answer() < 500; });
}

void wait_until(const std::function<bool()>& is_so) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!is_so()) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "it was never so";
    std::this_thread::yield();
  }
}

}  // namespace sandboxlet::agent
