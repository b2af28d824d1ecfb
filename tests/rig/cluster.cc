#include "tests/rig/cluster.h"

#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace sandboxlet::test {

namespace {

using Json = nlohmann::json;

const std::string kSystem = "/api/v1/namespaces/sandboxlet-system";

// 0600, and whole from one moment to the next.
Result<> write_private(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  const mode_t before = umask(0077);
  std::ofstream(fresh) << text;
  umask(before);
  if (rename(fresh.c_str(), path.c_str()) != 0) return errno_error(path);
  return {};
}

std::string name_of(const std::string& account, const std::string& node) {
  return node.empty() ? account : account + "-" + node;
}

}  // namespace

Result<std::unique_ptr<ShimProcess>> ShimProcess::start(const std::string& folder,
                                                        const std::string& kubeconfig,
                                                        const std::vector<std::string>& flags,
                                                        const std::vector<std::string>& prefix) {
  auto shim = std::make_unique<ShimProcess>();
  shim->arguments_ = prefix;
  for (const char* word :
       {SANDBOXLET_SHIM, "--cluster", kubeconfig.c_str(), "--metrics-address", ""}) {
    shim->arguments_.emplace_back(word);
  }
  shim->arguments_.insert(shim->arguments_.end(), flags.begin(), flags.end());
  shim->log_ = folder + "/shim.log";
  CHECK_OK(shim->launch());
  return shim;
}

Result<> ShimProcess::launch() {
  TRY(process_, ChildProcess::start(arguments_, log_));
  return {};
}

Result<> ShimProcess::kill_and_restart() {
  process_.kill();
  return launch();
}

Result<> Cluster::prepare(KubeApiServer& server) {
  CHECK_OK(server.kubectl(
      {"apply", "--server-side", "-k", std::string(SANDBOXLET_SOURCE_DIR) + "/manifests"}));
  CHECK_OK(server.kubectl({"wait", "--for=condition=Established", "--timeout=60s", "crd",
                           "sandboxes.agents.x-k8s.io", "sandboxnodes.sandboxlet.io"}));
  return {};
}

Result<> Cluster::write_token(const std::string& account, const std::string& node) {
  Json request = Json::object();
  if (!node.empty()) {
    // As its DaemonSet's controller would make it.
    TRY(const std::string daemon_set,
        server_.request("GET", "/apis/apps/v1/namespaces/sandboxlet-system/daemonsets/" + account));
    const Json owner{{"apiVersion", "apps/v1"},
                     {"kind", "DaemonSet"},
                     {"name", account},
                     {"uid", Json::parse(daemon_set)["metadata"]["uid"]},
                     {"controller", true}};
    const Json pod{
        {"metadata", {{"generateName", account + "-"}, {"ownerReferences", Json::array({owner})}}},
        {"spec",
         {{"nodeName", node},
          {"serviceAccountName", account},
          {"containers", Json::array({{{"name", account}, {"image", account}}})}}}};
    TRY(const std::string text, server_.request("POST", kSystem + "/pods", pod.dump()));
    const Json made = Json::parse(text);
    request["spec"]["boundObjectRef"] = {{"apiVersion", "v1"},
                                         {"kind", "Pod"},
                                         {"name", made["metadata"]["name"]},
                                         {"uid", made["metadata"]["uid"]}};
  }
  TRY(const std::string text,
      server_.request("POST", kSystem + "/serviceaccounts/" + account + "/token", request.dump()));
  const std::string token = Json::parse(text)["status"]["token"];
  return write_private(folder_ + "/" + name_of(account, node) + ".token", token);
}

Result<std::string> Cluster::kubeconfig(const std::string& server, const std::string& account,
                                        const std::string& node) {
  const std::string base = folder_ + "/" + name_of(account, node);
  CHECK_OK(write_token(account, node));
  const std::string text =
      "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
      "contexts: [{name: here, context: {cluster: here, user: here}}]\n"
      "clusters: [{name: here, cluster: {server: '" +
      server + "', certificate-authority: '" + server_.ca() +
      "'}}]\n"
      "users: [{name: here, user: {tokenFile: '" +
      base + ".token'}}]\n";
  CHECK_OK(write_private(base + ".kubeconfig", text));
  return base + ".kubeconfig";
}

Result<ClusterNode*> Cluster::add_node(const std::string& name, const std::string& more,
                                       const std::string& server) {
  ClusterNode node;
  node.name = name;
  TRY(node.runtime, PrivateRuntime::start());
  TRY(const std::string config,
      kubeconfig(server.empty() ? server_.url() : server, "sandboxlet", name));
  TRY(node.agent, AgentProcess::start(*node.runtime, "cluster: " + config + "\n" + more, name));
  nodes_.push_back(std::move(node));
  return &nodes_.back();
}

Result<> Cluster::add_watchdog(ClusterNode& node) {
  TRY(node.watchdog, ChildProcess::start({SANDBOXLET_WATCHDOG, "--config", node.agent->config()},
                                         node.runtime->dir() + "/watchdog.log"));
  return {};
}

Result<ShimProcess*> Cluster::add_shim(const std::vector<std::string>& flags,
                                       const std::vector<std::string>& prefix) {
  TRY(const std::string config, kubeconfig(server_.url(), "sandbox-shim"));
  const std::string folder = folder_ + "/shim-" + std::to_string(shims_.size());
  mkdir(folder.c_str(), 0700);
  TRY(auto shim, ShimProcess::start(folder, config, flags, prefix));
  shims_.push_back(std::move(shim));
  return shims_.back().get();
}

Result<> Cluster::rotate_token(const std::string& node) {
  // The token goes with the Pod that it is bound to.
  CHECK_OK(
      server_.kubectl({"delete", "pod", "--namespace=sandboxlet-system",
                       "--field-selector=spec.nodeName=" + node, "--grace-period=0", "--force"}));
  return write_token("sandboxlet", node);
}

std::string Cluster::logs() const {
  std::string text;
  for (const auto& node : nodes_) {
    if (node.agent) text += "---- agent " + node.name + "\n" + node.agent->log();
    text += read_text(node.runtime->dir() + "/watchdog.log");
  }
  for (const auto& shim : shims_) text += "---- shim\n" + shim->log();
  return text;
}

Result<> Cluster::stop() {
  for (auto& shim : shims_) {
    if (shim->pid() != 0) CHECK_OK(shim->stop());
  }
  shims_.clear();
  for (auto& node : nodes_) {
    node.watchdog.kill();
    if (node.agent && node.agent->pid() != 0) CHECK_OK(node.agent->stop());
    node.agent.reset();
    CHECK_OK(node.runtime->stop());
    CHECK_OK(server_.kubectl({"delete", "sandboxnode", node.name, "--ignore-not-found"}));
    CHECK_OK(server_.kubectl(
        {"delete", "lease", "--namespace=sandboxlet-node-lease", node.name, "--ignore-not-found"}));
  }
  nodes_.clear();
  return {};
}

}  // namespace sandboxlet::test
