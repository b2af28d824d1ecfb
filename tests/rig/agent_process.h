#pragma once

#include <memory>
#include <string>

#include "proto/sandboxlet/v1/sandboxlet.grpc.pb.h"
#include "tests/rig/child_process.h"
#include "tests/rig/private_runtime.h"

namespace sandboxlet::test {

// The real agent as its own process, on a PrivateRuntime, with its data below that one's folder.
// Ends with this object, or with the test's process.
class AgentProcess {
 public:
  // Answers when its socket answers. more is added to its configuration.
  static Result<std::unique_ptr<AgentProcess>> start(const PrivateRuntime& runtime,
                                                     const std::string& more = "",
                                                     const std::string& node_name = "node-1");
  AgentProcess(const AgentProcess&) = delete;
  AgentProcess& operator=(const AgentProcess&) = delete;

  ::sandboxlet::v1::Sandboxlet::Stub& api() { return *stub_; }
  // The same API over a connection of its own, which outlives this agent and finds the next one on
  // its socket.
  std::unique_ptr<::sandboxlet::v1::Sandboxlet::Stub> connect() const;
  const std::string& socket() const { return socket_; }
  pid_t pid() const { return process_.pid(); }
  // Its configuration, a file.
  std::string config() const { return folder_ + "/agent.yaml"; }
  // Its own folder, with its store and its Sandboxes' volumes.
  std::string data_root() const { return folder_ + "/data"; }
  // What it has logged.
  std::string log() const;

  // SIGKILL.
  void kill() { process_.kill(); }
  // A new one on the same data.
  Result<> restart() { return launch(); }
  Result<> kill_and_restart();
  // SIGTERM; answers its exit code.
  Result<int> stop() { return process_.stop(); }

 private:
  AgentProcess(std::string folder, std::string socket)
      : folder_(std::move(folder)), socket_(std::move(socket)) {}
  Result<> launch();

  const std::string folder_;
  const std::string socket_;
  ChildProcess process_;
  std::unique_ptr<::sandboxlet::v1::Sandboxlet::Stub> stub_;
};

}  // namespace sandboxlet::test
