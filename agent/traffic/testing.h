#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/unique_fd.h"

namespace sandboxlet::agent {

// Moves the calling thread, which stands for the node from then on, to an empty network that goes
// with the test, however that ends: no interface of a test is ever the machine's.
void enter_network_of_its_own();

// Runs shell commands here, or in another network.
void run_here(const std::string& script);
void run_in(const UniqueFd& network, const std::string& script);

// A process that does nothing in an empty network of its own.
class IdleProcess {
 public:
  IdleProcess();
  ~IdleProcess() { end(); }
  IdleProcess(const IdleProcess&) = delete;
  IdleProcess& operator=(const IdleProcess&) = delete;

  pid_t pid() const { return pid_; }
  void end();

 private:
  pid_t pid_ = 0;
};

enum class Plugin { kBridge, kPtp };

// How a Sandbox is reached in one test.
struct Shape {
  Plugin plugin = Plugin::kBridge;
  int family = AF_INET;
};
inline constexpr Shape kShapes[] = {{Plugin::kBridge, AF_INET},
                                    {Plugin::kBridge, AF_INET6},
                                    {Plugin::kPtp, AF_INET},
                                    {Plugin::kPtp, AF_INET6}};
std::string name_of_shape(const testing::TestParamInfo<Shape>& info);

constexpr char kHostInterface[] = "sandbox-veth";
// Where a Sandbox serves.
constexpr uint16_t kPort = 80;

// The network of a process joined to this thread's as that CNI plugin does it, and sockets at both
// ends. In the Sandbox the interface is eth0, with the default route.
class SandboxNetwork {
 public:
  SandboxNetwork(pid_t pid, const Shape& shape);

  const UniqueFd& network() const { return network_; }
  // The interface of the node's address.
  std::string node_interface() const;

  UniqueFd node_socket(int type) const;
  UniqueFd sandbox_socket(int type) const;
  // A listener, or a UDP socket, at any address of the Sandbox's; at the node's end likewise.
  UniqueFd serve_in_sandbox(int type, uint16_t port) const;
  UniqueFd serve_on_node(int type, uint16_t port) const;
  // Connected to that port of the other end.
  UniqueFd connect_to_sandbox(int type, uint16_t port) const;
  UniqueFd connect_to_node(int type, uint16_t port) const;

  // 0 or the errno.
  int connect_to(const UniqueFd& from, const std::string& address, uint16_t port) const;
  ssize_t send_to(const UniqueFd& from, const std::string& address, uint16_t port,
                  const std::string& data = "x") const;
  std::string sandbox_address() const;
  std::string node_address() const;

 private:
  UniqueFd serve(UniqueFd at, uint16_t port) const;
  bool passes(const UniqueFd& from, const UniqueFd& to, const std::string& address) const;

  const Shape shape_;
  UniqueFd network_;
};

// A Sandbox that does nothing, reached as its test's shape has it.
class SandboxNetworkTest : public testing::TestWithParam<Shape> {
 protected:
  void SetUp() override;
  // A connection from the node's end.
  void connect();

  std::unique_ptr<IdleProcess> sandbox_;
  std::unique_ptr<SandboxNetwork> net_;
  UniqueFd listener_, outside_, inside_;
};

// A connection that its listener accepted.
UniqueFd accepted(const UniqueFd& listener);
void send_data(const UniqueFd& to, const std::string& data = "x");
// Over UDP: a byte there, and one back.
void ask_and_answer(const UniqueFd& client, const UniqueFd& server);
// Reads that many bytes, waiting for them.
void read_data(const UniqueFd& from, size_t size = 1);
void close_by_reset(UniqueFd connection);
// Lets the kernel ask the other end whether it is still there, and answers once it did.
void wait_for_keepalive(const UniqueFd& connection);

// Yields until it is so, or fails after ten seconds.
void wait_until(const std::function<bool()>& is_so);

}  // namespace sandboxlet::agent
