#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "tests/rig/agent_process.h"
#include "tests/rig/child_process.h"
#include "tests/rig/kube_api_server.h"
#include "tests/rig/private_runtime.h"

namespace sandboxlet::test {

// The shim as its own process, with the token of its own service account. Ends with this object, or
// with the test's process.
class ShimProcess {
 public:
  // Answers when it runs; that it leads, its log and the lease tell.
  static Result<std::unique_ptr<ShimProcess>> start(const std::string& folder,
                                                    const std::string& kubeconfig,
                                                    const std::vector<std::string>& flags = {},
                                                    const std::vector<std::string>& prefix = {});

  pid_t pid() const { return process_.pid(); }
  std::optional<int> ended() { return process_.ended(); }
  Result<> kill_and_restart();
  void kill() { process_.kill(); }
  // SIGTERM; answers its exit code.
  Result<int> stop() { return process_.stop(); }
  std::string log() const { return read_text(log_); }

 private:
  Result<> launch();

  std::vector<std::string> arguments_;
  std::string log_;
  ChildProcess process_;
};

// A node of it: a containerd of its own, and the agent.
struct ClusterNode {
  std::string name;
  std::unique_ptr<PrivateRuntime> runtime;
  std::unique_ptr<AgentProcess> agent;
  ChildProcess watchdog;
};

// The whole system on one machine: an API server with all of manifests/, nodes whose agents and
// shims run as the real programs, each with its own service account as the manifests have it. The
// server is somebody else's and outlives it. One caller at a time.
class Cluster {
 public:
  // Applies the manifests; once for each server.
  static Result<> prepare(KubeApiServer& server);

  Cluster(KubeApiServer& server, std::string folder)
      : server_(server), folder_(std::move(folder)) {}

  // Named "<prefix>-1" and so on. more is added to the agent's configuration; server is its way to
  // the API server, where that is not the straight one.
  Result<ClusterNode*> add_node(const std::string& name, const std::string& more = "",
                                const std::string& server = "");
  // Beside its agent.
  static Result<> add_watchdog(ClusterNode& node);
  // prefix is a command that runs it.
  Result<ShimProcess*> add_shim(const std::vector<std::string>& flags = {},
                                const std::vector<std::string>& prefix = {});

  std::deque<ClusterNode>& nodes() { return nodes_; }
  std::vector<std::unique_ptr<ShimProcess>>& shims() { return shims_; }

  // A new token for that node's agent in its file; the one before is not taken any more.
  Result<> rotate_token(const std::string& node);
  // All logs, for a test that failed.
  std::string logs() const;
  // Ends all processes, and takes the nodes out of the API server.
  Result<> stop();

 private:
  // A kubeconfig with the token of a service account, bound to a Pod on that node where one is
  // named.
  Result<std::string> kubeconfig(const std::string& server, const std::string& account,
                                 const std::string& node = "");
  Result<> write_token(const std::string& account, const std::string& node);

  KubeApiServer& server_;
  const std::string folder_;
  std::deque<ClusterNode> nodes_;
  std::vector<std::unique_ptr<ShimProcess>> shims_;
};

}  // namespace sandboxlet::test
