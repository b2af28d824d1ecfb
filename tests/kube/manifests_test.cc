#include "tests/kube/manifests_test.h"

#include <gmock/gmock.h>

#include <regex>

#include "agent/node/config.h"
#include "base/command.h"
#include "tests/rig/eventually.h"

namespace sandboxlet::test {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;

namespace {

constexpr char kManifests[] = SANDBOXLET_SOURCE_DIR "/manifests";
const std::string kNodes = "/api/v1/nodes";
const std::string kPods = "/api/v1/namespaces/sandboxlet-system/pods";
const std::string kAccounts = "/api/v1/namespaces/sandboxlet-system/serviceaccounts";
const std::string kApps = "/apis/apps/v1/namespaces/sandboxlet-system";

Result<> apply_manifests(KubeApiServer& server) {
  CHECK_OK(server.kubectl({"apply", "--server-side", "--warnings-as-errors", "-k", kManifests}));
  return server.run_controllers({"clusterrole-aggregation-controller", "daemonset-controller",
                                 "deployment-controller", "replicaset-controller",
                                 "resourcequota-controller", "serviceaccount-controller",
                                 "validatingadmissionpolicy-status-controller"});
}

}  // namespace

void ManifestsTest::SetUp() {
  KubeTest::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  static const auto applied = apply_manifests(api());
  ASSERT_TRUE(applied) << applied.error().message();
}

std::string ManifestsTest::token(const std::string& account, const json& bound_to) {
  json request = json::object();
  if (!bound_to.is_null()) {
    request["spec"]["boundObjectRef"] = {{"apiVersion", "v1"},
                                         {"kind", bound_to["kind"]},
                                         {"name", bound_to["metadata"]["name"]},
                                         {"uid", bound_to["metadata"]["uid"]}};
  }
  return ask("POST", kAccounts + "/" + account + "/token", request.dump())["status"]["token"];
}

void ManifestsTest::create_bound(const std::string& name, const std::string& node) {
  const json container = {{"name", "main"}, {"image", "busybox"}};
  const json pod = {{"spec", {{"containers", json::array({container})}}}};
  const json sandbox = {{"apiVersion", "agents.x-k8s.io/v1beta1"},
                        {"kind", "Sandbox"},
                        {"metadata", {{"name", name}}},
                        {"spec", {{"podTemplate", pod}}}};
  ask("POST", kSandboxes, sandbox.dump());
  const json bound = {{"status", {{"nodeName", node}}}};
  ask("PATCH", kSandboxes + "/" + name + "/status", bound.dump(), "application/merge-patch+json");
}

std::string ManifestsTest::agent_token(const std::string& node) {
  const json object = {
      {"metadata",
       {{"name", node},
        {"labels", {{"kubernetes.io/os", "linux"}, {"sandboxlet.io/agent", "true"}}}}}};
  ask("POST", kNodes, object.dump());
  json pod;
  // Until it is bound, the Pod names its node in an affinity alone.
  const auto made = [&] {
    const auto pods = ask("GET", kPods + "?labelSelector=app.kubernetes.io%2Fname%3Dsandboxlet");
    for (const auto& one : pods["items"]) {
      const std::string affinity = one["spec"].value("affinity", json()).dump();
      if (affinity.find('"' + node + '"') != std::string::npos) pod = one;
    }
    return !pod.is_null();
  };
  EXPECT_TRUE(eventually(made)) << "the DaemonSet makes no Pod for " << node;
  if (pod.is_null()) return "";
  const std::string name = pod["metadata"]["name"];
  const json binding = {{"metadata", {{"name", name}}},
                        {"target", {{"kind", "Node"}, {"name", node}}}};
  ask("POST", kPods + "/" + name + "/binding", binding.dump());
  pod["kind"] = "Pod";
  return token("sandboxlet", pod);
}

std::string ManifestsTest::as(const std::string& token, const std::string& method,
                              const std::string& path, const json& body) {
  std::vector<std::string> arguments{"curl",      "-sS",  "-i",
                                     "--noproxy", "*",    "--cacert",
                                     api().ca(),  "-H",   "Authorization: Bearer " + token,
                                     "-X",        method, api().url() + path};
  if (!body.is_null()) {
    const std::string type = method == "PATCH" ? "merge-patch+json" : "json";
    arguments.insert(arguments.end(),
                     {"-H", "Content-Type: application/" + type, "-d", body.dump()});
  }
  auto answer = run_command(arguments);
  EXPECT_TRUE(answer) << answer.error().message();
  return answer.value_or("");
}

namespace {

TEST_F(ManifestsTest, TheAgentTakesItsConfigurationAndItsArguments) {
  auto rendered = api().kubectl({"get", "configmap", "-n", "sandboxlet-system", "-o",
                                 "jsonpath={.items[?(@.data.config\\.yaml)].data.config\\.yaml}"});
  ASSERT_TRUE(rendered) << rendered.error().message();
  const auto config = agent::parse_config(*rendered);
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->log_format, "json");
  const auto pod = ask("GET", kApps + "/daemonsets/sandboxlet")["spec"]["template"]["spec"];
  std::vector<std::string> command{SANDBOXLET_AGENT, "--check-config"};
  for (const std::string argument : pod["containers"][0]["args"]) {
    command.push_back(argument.starts_with("--config=")
                          ? std::string("--config=") + kManifests + "/daemonset/config.yaml"
                          : argument);
  }
  auto checked = run_command(command);
  EXPECT_TRUE(checked) << checked.error().message();
}

// Sandboxes' processes are found by their ids on the node, and their veths in its network; whoever
// enters their networks or sees their packets needs CAP_SYS_ADMIN and CAP_NET_RAW.
TEST_F(ManifestsTest, TheAgentsPodIsInTheNodesNamespacesWithAllRights) {
  const auto pod = ask("GET", kApps + "/daemonsets/sandboxlet")["spec"]["template"]["spec"];
  EXPECT_EQ(pod["hostPID"], true);
  EXPECT_EQ(pod["hostNetwork"], true);
  EXPECT_EQ(pod["containers"][0]["securityContext"]["privileged"], true);
}

TEST_F(ManifestsTest, TheAgentsPodHasAllFoldersOfTheNodeThatItUses) {
  const agent::Config config;
  const auto pod = ask("GET", kApps + "/daemonsets/sandboxlet")["spec"]["template"]["spec"];
  std::vector<std::string> mounted;
  for (const auto& mount : pod["containers"][0]["volumeMounts"]) {
    for (const auto& volume : pod["volumes"]) {
      // Where the node has it, so that a path means the same to the agent and to the runtime.
      if (volume["name"] == mount["name"] && volume.contains("hostPath") &&
          volume["hostPath"]["path"] == mount["mountPath"]) {
        mounted.push_back(mount["mountPath"].get<std::string>() + "/");
      }
    }
  }
  const auto covered = [&](const std::string& path) {
    return std::any_of(mounted.begin(), mounted.end(),
                       [&](const std::string& folder) { return (path + "/").starts_with(folder); });
  };
  const std::string endpoint = config.runtime_endpoint.substr(std::string("unix://").size());
  for (const std::string& path : {config.data_root, config.log_root, config.socket, endpoint,
                                  std::string("/sys/fs/cgroup")}) {
    EXPECT_TRUE(covered(path)) << path;
  }
}

TEST_F(ManifestsTest, EachLabelledNodeGetsAnAgentAndTheShimTwoPods) {
  ask("POST", kNodes,
      R"({"metadata": {"name": "plain", "labels": {"kubernetes.io/os": "linux"}}})");
  EXPECT_NE(agent_token("labelled"), "");
  const auto pods_of = [](const std::string& name) {
    return ask("GET", kPods + "?labelSelector=app.kubernetes.io%2Fname%3D" + name)["items"];
  };
  EXPECT_EQ(pods_of("sandboxlet").dump().find("plain"), std::string::npos);
  EXPECT_TRUE(eventually([&] { return pods_of("sandboxlet-watchdog").size() == 1; }));
  EXPECT_TRUE(eventually([&] { return pods_of("sandbox-shim").size() == 2; }));
}

TEST_F(ManifestsTest, TheShimsPodIsRestricted) {
  const json labels = {{"pod-security.kubernetes.io/enforce", "restricted"}};
  const json strict = {{"metadata", {{"name", "strict"}, {"labels", labels}}}};
  ask("POST", "/api/v1/namespaces", strict.dump());
  const std::string accounts = "/api/v1/namespaces/strict/serviceaccounts/default";
  ASSERT_TRUE(eventually([&] { return api().request("GET", accounts).has_value(); }));
  json pod = ask("GET", kApps + "/deployments/sandbox-shim")["spec"]["template"];
  pod["metadata"]["name"] = "shim";
  pod["spec"]["serviceAccountName"] = pod["spec"]["serviceAccount"] = "default";
  ask("POST", "/api/v1/namespaces/strict/pods?dryRun=All", pod.dump());
}

TEST_F(ManifestsTest, WhoHasViewEditOrAdminHasItForSandboxes) {
  const auto verbs = [](const std::string& role) {
    std::vector<std::string> all;
    const auto object = ask("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/" + role);
    for (const auto& rule : object["rules"]) {
      if (rule["apiGroups"] != json{"agents.x-k8s.io"} || rule["resources"][0] != "sandboxes")
        continue;
      for (const std::string verb : rule["verbs"]) all.push_back(verb);
    }
    std::sort(all.begin(), all.end());
    return all;
  };
  EXPECT_TRUE(eventually([&] { return verbs("admin").size() == 8; }));
  EXPECT_THAT(verbs("view"), ElementsAre("get", "list", "watch"));
  for (const std::string role : {"edit", "admin"}) {
    EXPECT_THAT(verbs(role), ElementsAre("create", "delete", "deletecollection", "get", "list",
                                         "patch", "update", "watch"))
        << role;
  }
}

TEST_F(ManifestsTest, RequestsGoToThePriorityLevelsMeantForThem) {
  const auto uid = [](const std::string& schema) -> std::string {
    return ask("GET",
               "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas/" + schema)["metadata"]["uid"];
  };
  const std::string leases = "/apis/coordination.k8s.io/v1/namespaces/";
  const std::string shim = token("sandbox-shim");
  const std::string agent = token("sandboxlet");
  const auto goes_to = [&](const std::string& who, const std::string& path, const char* schema) {
    const std::string header = "x-kubernetes-pf-flowschema-uid: " + uid(schema);
    return eventually([&] { return as(who, "GET", path).find(header) != std::string::npos; });
  };
  EXPECT_TRUE(goes_to(shim, leases + "sandboxlet-system/leases/sandbox-shim",
                      "sandbox-shim-leader-election"));
  EXPECT_TRUE(goes_to(shim, "/apis/agents.x-k8s.io/v1beta1/sandboxes", "sandbox-shim"));
  EXPECT_TRUE(
      goes_to(agent, leases + "sandboxlet-node-lease/leases/node-1", "sandboxlet-heartbeats"));
  EXPECT_TRUE(
      goes_to(agent, "/apis/sandboxlet.io/v1alpha1/sandboxnodes/node-1", "sandboxlet-heartbeats"));
  EXPECT_TRUE(goes_to(agent, "/apis/agents.x-k8s.io/v1beta1/sandboxes", "service-accounts"));
}

TEST_F(ManifestsTest, TheTypesInPoliciesAreRight) {
  const std::string path = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
  json policies;
  ASSERT_TRUE(eventually([&] {
    policies = ask("GET", path)["items"];
    return std::all_of(policies.begin(), policies.end(),
                       [](const json& policy) { return policy.contains("status"); });
  }));
  EXPECT_EQ(policies.size(), 12);
  for (const json& policy : policies) {
    const json& status = policy["status"];
    EXPECT_EQ(status.value("typeChecking", json::object()), json::object())
        << policy["metadata"]["name"];
  }
}

// ---- Rights.

struct Right {
  const char* account;
  const char* verb;
  // "GROUP/RESOURCE" or "GROUP/RESOURCE/SUBRESOURCE".
  const char* resource;
  const char* namespace_ = "default";
  const char* name = "";
};

bool allowed(const KubeApiServer& server, const Right& right) {
  const std::string resource = right.resource;
  const auto slash = resource.find('/');
  const auto second = resource.find('/', slash + 1);
  const json review = {
      {"apiVersion", "authorization.k8s.io/v1"},
      {"kind", "SubjectAccessReview"},
      {"spec",
       {{"user", std::string("system:serviceaccount:sandboxlet-system:") + right.account},
        {"groups", {"system:serviceaccounts", "system:authenticated"}},
        {"resourceAttributes",
         {{"verb", right.verb},
          {"group", resource.substr(0, slash)},
          {"resource", resource.substr(slash + 1, second - slash - 1)},
          {"subresource", second == std::string::npos ? "" : resource.substr(second + 1)},
          {"namespace", right.namespace_},
          {"name", right.name}}}}}};
  auto answer =
      server.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review.dump());
  EXPECT_TRUE(answer) << answer.error().message();
  return answer && json::parse(*answer)["status"]["allowed"] == true;
}

constexpr char kSystem[] = "sandboxlet-system";
constexpr char kNodeLease[] = "sandboxlet-node-lease";

constexpr Right kAllowed[] = {
    {"sandbox-shim", "get", "agents.x-k8s.io/sandboxes"},
    {"sandbox-shim", "delete", "agents.x-k8s.io/sandboxes"},
    {"sandbox-shim", "patch", "agents.x-k8s.io/sandboxes"},
    {"sandbox-shim", "list", "/namespaces", ""},
    {"sandbox-shim", "watch", "/namespaces", ""},
    {"sandbox-shim", "list", "coordination.k8s.io/leases", kSystem, "sandbox-shim"},
    {"sandbox-shim", "watch", "coordination.k8s.io/leases", kSystem, "sandbox-shim"},
    {"sandbox-shim", "list", "agents.x-k8s.io/sandboxes", ""},
    {"sandbox-shim", "watch", "agents.x-k8s.io/sandboxes", ""},
    {"sandbox-shim", "patch", "agents.x-k8s.io/sandboxes/status"},
    {"sandbox-shim", "get", "sandboxlet.io/sandboxnodes", ""},
    {"sandbox-shim", "list", "sandboxlet.io/sandboxnodes", ""},
    {"sandbox-shim", "watch", "sandboxlet.io/sandboxnodes", ""},
    {"sandbox-shim", "update", "agents.x-k8s.io/sandboxes/finalizers"},
    {"sandbox-shim", "create", "/services"},
    {"sandbox-shim", "get", "/services"},
    {"sandbox-shim", "patch", "/services"},
    {"sandbox-shim", "delete", "/services"},
    {"sandbox-shim", "list", "/services", ""},
    {"sandbox-shim", "watch", "/services", ""},
    {"sandbox-shim", "create", "discovery.k8s.io/endpointslices"},
    {"sandbox-shim", "get", "discovery.k8s.io/endpointslices"},
    {"sandbox-shim", "patch", "discovery.k8s.io/endpointslices"},
    {"sandbox-shim", "delete", "discovery.k8s.io/endpointslices"},
    {"sandbox-shim", "list", "discovery.k8s.io/endpointslices", ""},
    {"sandbox-shim", "watch", "discovery.k8s.io/endpointslices", ""},
    {"sandbox-shim", "list", "gateway.networking.k8s.io/httproutes", ""},
    {"sandbox-shim", "watch", "gateway.networking.k8s.io/httproutes", ""},
    {"sandbox-shim", "list", "gateway.networking.k8s.io/tcproutes", ""},
    {"sandbox-shim", "watch", "gateway.networking.k8s.io/tcproutes", ""},
    {"sandbox-shim", "list", "networking.k8s.io/ingresses", ""},
    {"sandbox-shim", "watch", "networking.k8s.io/ingresses", ""},
    {"sandbox-shim", "create", "/persistentvolumeclaims"},
    {"sandbox-shim", "get", "/persistentvolumeclaims"},
    {"sandbox-shim", "patch", "/persistentvolumeclaims"},
    {"sandbox-shim", "list", "/persistentvolumeclaims", ""},
    {"sandbox-shim", "watch", "/persistentvolumeclaims", ""},
    {"sandbox-shim", "patch", "/persistentvolumes", ""},
    {"sandbox-shim", "list", "/persistentvolumes", ""},
    {"sandbox-shim", "watch", "/persistentvolumes", ""},
    {"sandbox-shim", "list", "storage.k8s.io/storageclasses", ""},
    {"sandbox-shim", "watch", "storage.k8s.io/storageclasses", ""},
    {"sandbox-shim", "list", "/pods"},
    {"sandbox-shim", "list", "/nodes", ""},
    {"sandbox-shim", "watch", "/nodes", ""},
    {"sandbox-shim", "list", "node.k8s.io/runtimeclasses", ""},
    {"sandbox-shim", "list", "scheduling.k8s.io/priorityclasses", ""},
    {"sandbox-shim", "create", "events.k8s.io/events"},
    {"sandbox-shim", "patch", "events.k8s.io/events"},
    {"sandbox-shim", "create", "coordination.k8s.io/leases", kSystem},
    {"sandbox-shim", "get", "coordination.k8s.io/leases", kSystem, "sandbox-shim"},
    {"sandbox-shim", "update", "coordination.k8s.io/leases", kSystem, "sandbox-shim"},
    {"sandbox-shim", "list", "coordination.k8s.io/leases", kNodeLease},
    {"sandbox-shim", "watch", "coordination.k8s.io/leases", kNodeLease},
    {"sandbox-shim", "get", "coordination.k8s.io/leases", kNodeLease, "node-1"},
    {"sandboxlet", "get", "agents.x-k8s.io/sandboxes"},
    {"sandboxlet", "list", "agents.x-k8s.io/sandboxes", ""},
    {"sandboxlet", "watch", "agents.x-k8s.io/sandboxes", ""},
    {"sandboxlet", "patch", "agents.x-k8s.io/sandboxes"},
    {"sandboxlet", "patch", "agents.x-k8s.io/sandboxes/status"},
    {"sandboxlet", "create", "sandboxlet.io/sandboxnodes", ""},
    {"sandboxlet", "patch", "sandboxlet.io/sandboxnodes", ""},
    {"sandboxlet", "patch", "sandboxlet.io/sandboxnodes/status", ""},
    {"sandboxlet", "get", "/namespaces", ""},
    {"sandboxlet", "get", "/serviceaccounts"},
    {"sandboxlet", "get", "/persistentvolumeclaims"},
    {"sandboxlet", "list", "/persistentvolumeclaims", ""},
    {"sandboxlet", "watch", "/persistentvolumeclaims", ""},
    {"sandboxlet", "patch", "/persistentvolumeclaims/status"},
    {"sandboxlet", "create", "/persistentvolumes", ""},
    {"sandboxlet", "delete", "/persistentvolumes", ""},
    {"sandboxlet", "get", "/persistentvolumes", ""},
    {"sandboxlet", "list", "/persistentvolumes", ""},
    {"sandboxlet", "patch", "/persistentvolumes", ""},
    {"sandboxlet", "watch", "/persistentvolumes", ""},
    {"sandboxlet", "get", "storage.k8s.io/storageclasses", ""},
    {"sandboxlet", "create", "events.k8s.io/events"},
    {"sandboxlet", "patch", "events.k8s.io/events"},
    {"sandboxlet", "create", "coordination.k8s.io/leases", kNodeLease},
    {"sandboxlet", "get", "coordination.k8s.io/leases", kNodeLease, "node-1"},
    {"sandboxlet", "update", "coordination.k8s.io/leases", kNodeLease, "node-1"},
};

constexpr Right kForbidden[] = {
    {"sandbox-shim", "create", "/pods"},
    {"sandboxlet", "get", "/nodes", ""},
    {"sandbox-shim", "get", "/secrets"},
    {"sandbox-shim", "create", "/endpoints"},
    {"sandbox-shim", "update", "/services"},
    {"sandbox-shim", "delete", "/persistentvolumeclaims"},
    {"sandbox-shim", "patch", "/persistentvolumeclaims/status"},
    {"sandbox-shim", "create", "/persistentvolumes", ""},
    {"sandbox-shim", "delete", "/persistentvolumes", ""},
    {"sandbox-shim", "get", "/pods"},
    {"sandbox-shim", "patch", "/services/status"},
    {"sandbox-shim", "create", "networking.k8s.io/ingresses"},
    {"sandbox-shim", "patch", "gateway.networking.k8s.io/httproutes"},
    {"sandboxlet", "list", "/services"},
    {"sandboxlet", "create", "discovery.k8s.io/endpointslices"},
    {"sandbox-shim", "create", "agents.x-k8s.io/sandboxes"},
    {"sandbox-shim", "update", "agents.x-k8s.io/sandboxes"},
    {"sandbox-shim", "update", "agents.x-k8s.io/sandboxes/status"},
    {"sandbox-shim", "patch", "sandboxlet.io/sandboxnodes", ""},
    {"sandbox-shim", "patch", "/nodes", ""},
    {"sandbox-shim", "update", "coordination.k8s.io/leases", kSystem, "another"},
    {"sandbox-shim", "update", "coordination.k8s.io/leases", kNodeLease, "node-1"},
    {"sandbox-shim", "get", "coordination.k8s.io/leases", "kube-node-lease"},
    {"sandboxlet", "patch", "/persistentvolumeclaims"},
    {"sandboxlet", "delete", "/persistentvolumeclaims"},
    {"sandboxlet", "update", "/persistentvolumes", ""},
    {"sandboxlet", "patch", "/persistentvolumes/status", ""},
    {"sandboxlet", "list", "/namespaces", ""},
    {"sandboxlet", "get", "/secrets"},
    {"sandboxlet", "list", "/serviceaccounts"},
    {"sandboxlet", "create", "/pods"},
    {"sandboxlet", "get", "/secrets", kSystem},
    {"sandboxlet", "create", "agents.x-k8s.io/sandboxes"},
    {"sandboxlet", "delete", "agents.x-k8s.io/sandboxes"},
    {"sandboxlet", "delete", "sandboxlet.io/sandboxnodes", ""},
    {"sandboxlet", "list", "/nodes", ""},
    {"sandboxlet", "update", "coordination.k8s.io/leases", "kube-node-lease", "node-1"},
    {"sandboxlet", "update", "coordination.k8s.io/leases", kSystem, "sandbox-shim"},
};

std::string text(const Right& right) {
  return std::string(right.account) + " " + right.verb + " " + right.resource + " " + right.name +
         " in " + right.namespace_;
}

TEST_F(ManifestsTest, TheShimAndTheAgentsMayDoWhatTheyHaveToAndNoMore) {
  // Rights are granted as the server comes to know of them.
  ASSERT_TRUE(eventually([] { return allowed(api(), kAllowed[0]); }));
  for (const Right& right : kAllowed) EXPECT_TRUE(allowed(api(), right)) << text(right);
  for (const Right& right : kForbidden) EXPECT_FALSE(allowed(api(), right)) << text(right);
}

TEST_F(ManifestsTest, AgentsReadSecretsWhereARoleBindingLetsThem) {
  ask("POST", "/api/v1/namespaces", R"({"metadata": {"name": "private-images"}})");
  const json binding = {
      {"metadata", {{"name", "sandboxlet-pull-secrets"}}},
      {"roleRef",
       {{"apiGroup", "rbac.authorization.k8s.io"},
        {"kind", "ClusterRole"},
        {"name", "sandboxlet-pull-secrets"}}},
      {"subjects", {{{"kind", "ServiceAccount"}, {"name", "sandboxlet"}, {"namespace", kSystem}}}}};
  ask("POST", "/apis/rbac.authorization.k8s.io/v1/namespaces/private-images/rolebindings",
      binding.dump());
  const Right read{"sandboxlet", "get", "/secrets", "private-images"};
  EXPECT_TRUE(eventually([&] { return allowed(api(), read); }));
  for (const char* verb : {"list", "watch", "patch"}) {
    EXPECT_FALSE(allowed(api(), {"sandboxlet", verb, "/secrets", "private-images"})) << verb;
  }
}

}  // namespace
}  // namespace sandboxlet::test
