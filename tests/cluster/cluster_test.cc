#include "tests/cluster/cluster_test.h"

#include <filesystem>

#include "cri/client.h"
#include "tests/rig/eventually.h"
#include "tests/rig/holdings.h"
#include "tests/rig/pods.h"

namespace sandboxlet::test {

namespace {

kube::ObjectRef ref(const std::string& name, std::string_view subresource = {}) {
  return {kube::kSandboxes, "default", name, subresource};
}

}  // namespace

void ClusterTest::SetUp() {
  KubeTest::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  if (PrivateRuntime::why_not()) GTEST_SKIP() << *PrivateRuntime::why_not();
  static const auto prepared = Cluster::prepare(api());
  ASSERT_TRUE(prepared) << prepared.error().message();
  const auto config = kube::load_kubeconfig(api().kubeconfig());
  ASSERT_TRUE(config) << config.error().message();
  connection_.emplace(loop_.io(), loop_.clock(), *config, pool_.get_executor());
  const std::string folder = api().dir() + "/cluster";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  cluster_.emplace(api(), folder);
}

void ClusterTest::begin(int nodes, const std::vector<std::string>& shim_flags) {
  const auto shim = cluster_->add_shim(shim_flags);
  ASSERT_TRUE(shim) << shim.error().message();
  for (int i = 1; i <= nodes; ++i) {
    const auto node = cluster_->add_node("node-" + std::to_string(i));
    ASSERT_TRUE(node) << node.error().message();
  }
}

void ClusterTest::TearDown() {
  if (!cluster_) return;
  kubectl({"delete", "sandboxes", "--all", "--all-namespaces", "--timeout=60s"});
  // No garbage collector runs here.
  kubectl({"delete", "services,endpointslices", "--selector=agents.x-k8s.io/sandbox-name-hash"});
  delete_claims();
  std::string left;
  EXPECT_TRUE(eventually([&] { return nothing_is_left(left); })) << left;
  if (HasFailure()) std::cerr << cluster_->logs();
  const auto stopped = cluster_->stop();
  EXPECT_TRUE(stopped) << stopped.error().message();
}

// Nor what takes its finalizers off.
void ClusterTest::delete_claims() {
  const std::string claims = "/api/v1/namespaces/default/persistentvolumeclaims";
  const Json list = ask("GET", claims);
  for (const Json& claim : list["items"]) {
    const std::string path = claims + "/" + claim["metadata"]["name"].get<std::string>();
    // It may be going, and be gone by now.
    static_cast<void>(api().request("DELETE", path));
    static_cast<void>(api().request("PATCH", path, R"({"metadata": {"finalizers": null}})",
                                    "application/merge-patch+json"));
  }
}

bool ClusterTest::nothing_is_left(std::string& what) {
  what.clear();
  for (const auto& node : cluster_->nodes()) {
    cri::Client runtime(cri::ClientOptions{.socket = node.runtime->socket()});
    const Holdings held = holdings_of(*node.runtime, runtime, loop_);
    if (!held.empty()) what += node.name + ": " + to_string(held);
  }
  return what.empty();
}

nlohmann::json ClusterTest::counter(const std::string& name, const Json& spec) {
  Json sandbox{{"apiVersion", "agents.x-k8s.io/v1beta1"},
               {"kind", "Sandbox"},
               {"metadata", {{"name", name}, {"namespace", "default"}}}};
  Json& pod = sandbox["spec"]["podTemplate"]["spec"];
  pod["terminationGracePeriodSeconds"] = 1;
  pod["containers"] = Json::array({{{"name", "main"},
                                    {"image", "sandboxlet.test/counter:1"},
                                    {"imagePullPolicy", "IfNotPresent"}}});
  sandbox["spec"].merge_patch(spec);
  return sandbox;
}

void ClusterTest::create(const Json& sandbox) {
  const kube::ObjectRef all{kube::kSandboxes, "default", "", ""};
  const auto made = loop_.run(client().create(all, sandbox));
  ASSERT_TRUE(made) << made.error().message();
}

void ClusterTest::patch(const std::string& name, const Json& patch, std::string_view subresource) {
  const auto done = loop_.run(client().merge_patch(ref(name, subresource), patch));
  ASSERT_TRUE(done) << done.error().message();
}

void ClusterTest::remove(const std::string& name) {
  const auto done = loop_.run(client().remove(ref(name)));
  ASSERT_TRUE(done) << done.error().message();
}

nlohmann::json ClusterTest::get(const std::string& name) {
  auto object = loop_.run(client().get(ref(name)));
  return object ? std::move(*object) : Json();
}

nlohmann::json ClusterTest::condition(const std::string& name, const std::string& type) {
  const Json object = get(name);
  if (object.is_null() || !object.contains("status")) return {};
  for (const Json& one : object["status"].value("conditions", Json::array())) {
    const bool current = one.value("observedGeneration", 0) == object["metadata"]["generation"];
    if (one["type"] == type && current) return one;
  }
  return {};
}

bool ClusterTest::becomes(const std::string& name, const std::string& type,
                          const std::string& status) {
  return eventually([&] {
    const Json now = condition(name, type);
    return !now.is_null() && now["status"] == status;
  });
}

bool ClusterTest::is_gone(const std::string& name) {
  return eventually([&] { return get(name).is_null(); });
}

std::string ClusterTest::kubectl(const std::vector<std::string>& arguments) {
  auto said = api().kubectl(arguments);
  EXPECT_TRUE(said) << said.error().message();
  return said.value_or("");
}

std::vector<std::string> ClusterTest::events_of(const std::string& name) {
  std::vector<std::string> reasons;
  const Json list = ask("GET", "/apis/events.k8s.io/v1/namespaces/default/events");
  for (const Json& event : list["items"]) {
    if (event["regarding"]["name"] == name) reasons.push_back(event["reason"]);
  }
  return reasons;
}

size_t ClusterTest::pods(size_t index, const std::string& sandbox) {
  cri::Client runtime(cri::ClientOptions{.socket = node(index).runtime->socket()});
  cri::v1::PodSandboxFilter filter;
  if (!sandbox.empty()) (*filter.mutable_label_selector())["io.kubernetes.pod.name"] = sandbox;
  const auto found = loop_.run(runtime.list_pod_sandbox(filter));
  return found ? found->size() : 0;
}

}  // namespace sandboxlet::test
