#pragma once

#include <gmock/gmock.h>

#include <boost/asio/thread_pool.hpp>
#include <optional>
#include <string>

#include "kube/connection.h"
#include "tests/rig/cluster.h"
#include "tests/rig/core_loop.h"
#include "tests/rig/kube_test.h"

namespace sandboxlet::test {

// The real shim and agents at a real API server, seen as kubectl's users see them. A test adds the
// shims and nodes that it needs; whatever it leaves, its end takes away, and looks that nothing is
// left on any node.
class ClusterTest : public KubeTest {
 protected:
  using Json = nlohmann::json;

  void SetUp() override;
  void TearDown() override;

  // A shim that leads, and a node that is ready.
  void begin(int nodes = 1, const std::vector<std::string>& shim_flags = {});
  ClusterNode& node(size_t index = 0) { return cluster_->nodes()[index]; }
  ShimProcess& shim(size_t index = 0) { return *cluster_->shims()[index]; }

  // A Sandbox that counts in its memory, in "default"; spec is merged over its own.
  static Json counter(const std::string& name, const Json& spec = Json::object());
  void create(const Json& sandbox);
  // A merge patch.
  void patch(const std::string& name, const Json& patch, std::string_view subresource = {});
  void remove(const std::string& name);
  // null where it is not there.
  Json get(const std::string& name);
  Json condition(const std::string& name, const std::string& type);
  // Waits for "Ready", "True" and the like, of its newest generation.
  bool becomes(const std::string& name, const std::string& type, const std::string& status);
  bool is_gone(const std::string& name);
  std::string kubectl(const std::vector<std::string>& arguments);
  std::vector<std::string> events_of(const std::string& name);

  kube::Client& client() { return connection_->client(); }
  // Pods in the runtime of that node, of all Sandboxes or of that name.
  size_t pods(size_t node, const std::string& sandbox = "");

  CoreLoop loop_;
  asio::thread_pool pool_{1};
  std::optional<kube::Connection> connection_;
  std::optional<Cluster> cluster_;

 private:
  static void delete_claims();
  bool nothing_is_left(std::string& what);
};

}  // namespace sandboxlet::test
