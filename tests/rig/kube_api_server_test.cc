#include "tests/rig/kube_api_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/command.h"
#include "tests/rig/eventually.h"
#include "tests/rig/kube_test.h"

namespace sandboxlet::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// A kind with what a binding needs: a status of its own that can be selected by.
constexpr char kWidgets[] = R"({
  "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
  "metadata": {"name": "widgets.test.sandboxlet.io"},
  "spec": {
    "group": "test.sandboxlet.io", "scope": "Namespaced",
    "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
    "versions": [{
      "name": "v1", "served": true, "storage": true,
      "subresources": {"status": {}},
      "selectableFields": [{"jsonPath": ".status.nodeName"}],
      "schema": {"openAPIV3Schema": {"type": "object", "properties": {
        "status": {"type": "object", "properties": {"nodeName": {"type": "string"}}}}}}
    }]
  }
})";
const std::string kWidgetsPath = "/apis/test.sandboxlet.io/v1/namespaces/default/widgets";
const std::string kRbacPath = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";
const std::string kConfigMapsPath = "/api/v1/namespaces/default/configmaps";

class KubeApiServerTest : public KubeTest {
 protected:
  // Answers the ConfigMap's resourceVersion.
  static std::string create_config_map(const std::string& name, const std::string& value) {
    const json object = {{"metadata", {{"name", name}}}, {"data", {{"value", value}}}};
    return ask("POST", kConfigMapsPath, object.dump())["metadata"]["resourceVersion"];
  }

  static void create_bound_widget(const std::string& name, const std::string& node) {
    const json object = {{"apiVersion", "test.sandboxlet.io/v1"},
                         {"kind", "Widget"},
                         {"metadata", {{"name", name}}}};
    ask("POST", kWidgetsPath, object.dump());
    ask("PATCH", kWidgetsPath + "/" + name + "/status",
        json{{"status", {{"nodeName", node}}}}.dump(), "application/merge-patch+json");
  }

  static std::vector<std::string> widgets_on(const std::string& node) {
    std::vector<std::string> names;
    const auto list = ask("GET", kWidgetsPath + "?fieldSelector=status.nodeName%3D" + node);
    for (const auto& item : list["items"]) names.push_back(item["metadata"]["name"]);
    return names;
  }

  // The HTTP status that a list gets with these arguments to curl instead of the administrator's.
  static std::string status_with(const std::vector<std::string>& credentials) {
    std::vector<std::string> arguments{"curl",
                                       "-sS",
                                       "--noproxy",
                                       "*",
                                       "--cacert",
                                       api().ca(),
                                       "-o",
                                       "/dev/null",
                                       "-w",
                                       "%{http_code}",
                                       api().url() + kConfigMapsPath};
    arguments.insert(arguments.end(), credentials.begin(), credentials.end());
    auto status = run_command(arguments);
    return status.has_value() ? *status : status.error().message();
  }

  static bool is_gone(const std::string& path) {
    auto read = api().request("GET", path);
    return !read.has_value() && read.error().code() == Code::kNotFound;
  }

  // All that a watch of one second from that revision on tells, or how it was refused.
  static std::string watch(const std::string& path, const std::string& revision) {
    auto told =
        api().request("GET", path + "?watch=1&timeoutSeconds=1&resourceVersion=" + revision);
    return told.has_value() ? *told : told.error().message();
  }
};

// Command lines that speak of a server's folder.
std::vector<std::string> processes_of(const std::string& dir) {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ostringstream arguments;
    arguments << std::ifstream(entry.path() / "cmdline").rdbuf();
    if (arguments.str().find(dir) != std::string::npos) found.push_back(arguments.str());
  }
  return found;
}

TEST_F(KubeApiServerTest, IsReadyAndOfTheVersionThatItWasBuiltAs) {
  EXPECT_EQ(api().request("GET", "/readyz").value_or(""), "ok");
  const std::string version = ask("GET", "/version")["gitVersion"];
  const auto binary = fs::read_symlink(api().dir() + "/kube-apiserver");
  EXPECT_EQ(run_command({binary, "--version"}).value_or(""), "Kubernetes " + version);
  // Where it is our own, its folder is named after the version that go.mod asks for.
  if (binary.string().find("/sandboxlet-kube/") != std::string::npos) {
    EXPECT_THAT(binary.parent_path().filename(), StartsWith(version + "-"));
  }
}

TEST_F(KubeApiServerTest, SelectsCustomObjectsByAFieldOfTheirStatus) {
  ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", kWidgets);
  ASSERT_TRUE(eventually([] { return api().request("GET", kWidgetsPath).has_value(); }));
  create_bound_widget("here", "node-1");
  create_bound_widget("there", "node-2");
  EXPECT_THAT(widgets_on("node-1"), ElementsAre("here"));
  EXPECT_THAT(widgets_on("node-2"), ElementsAre("there"));
}

TEST_F(KubeApiServerTest, RefusesWhoShowsNoCredentials) { EXPECT_EQ(status_with({}), "403"); }

TEST_F(KubeApiServerTest, ServiceAccountsMayDoWhatRbacGrantsThem) {
  ask("POST", "/api/v1/namespaces/default/serviceaccounts", R"({"metadata": {"name": "agent"}})");
  const auto answer = ask("POST", "/api/v1/namespaces/default/serviceaccounts/agent/token", "{}");
  const std::string token = answer["status"]["token"];
  EXPECT_EQ(status_with({"-H", "Authorization: Bearer " + token}), "403");
  // A role of its own: to fill view, edit and admin takes a controller, which not every test runs.
  ask("POST", kRbacPath + "/roles", R"({"metadata": {"name": "lister"},
    "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}]})");
  ask("POST", kRbacPath + "/rolebindings", R"({"metadata": {"name": "agent-lists"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "lister"},
    "subjects": [{"kind": "ServiceAccount", "name": "agent", "namespace": "default"}]})");
  EXPECT_TRUE(eventually([&] {
    return status_with({"-H", "Authorization: Bearer " + token}) == "200";
  }));
}

TEST_F(KubeApiServerTest, RefusalsTellStatusAndMessage) {
  auto absent = api().request("GET", kConfigMapsPath + "/absent");
  ASSERT_FALSE(absent.has_value());
  EXPECT_EQ(absent.error().code(), Code::kNotFound);
  EXPECT_THAT(absent.error().message(),
              HasSubstr("GET /api/v1/namespaces/default/configmaps/absent"));
  EXPECT_THAT(absent.error().message(), HasSubstr("HTTP 404"));
}

TEST_F(KubeApiServerTest, TakesABodyLongerThanAnArgumentCanBe) {
  const std::string value(300'000, 'x');
  create_config_map("long", value);
  EXPECT_EQ(ask("GET", kConfigMapsPath + "/long")["data"]["value"], value);
}

TEST_F(KubeApiServerTest, ObjectsOutliveAServerThatIsKilled) {
  create_config_map("survivor", "of the server");
  ASSERT_TRUE(api().kill().has_value());
  EXPECT_FALSE(api().request("GET", "/readyz").has_value());
  const auto url = api().url();
  auto restarted = api().restart();
  ASSERT_TRUE(restarted.has_value()) << restarted.error().message();
  EXPECT_EQ(ask("GET", kConfigMapsPath + "/survivor")["data"]["value"], "of the server");
  EXPECT_EQ(api().url(), url);
}

TEST_F(KubeApiServerTest, ObjectsOutliveAnEtcdThatIsKilled) {
  create_config_map("kept", "by etcd");
  ASSERT_TRUE(api().kill_etcd().has_value());
  auto restarted = api().restart_etcd();
  ASSERT_TRUE(restarted.has_value()) << restarted.error().message();
  EXPECT_EQ(ask("GET", kConfigMapsPath + "/kept")["data"]["value"], "by etcd");
}

TEST_F(KubeApiServerTest, AWatchFromBeforeACompactionIsAnswered410) {
  const auto before = create_config_map("old", "1");
  create_config_map("newer", "2");
  EXPECT_THAT(watch(kConfigMapsPath, before), HasSubstr("newer"));
  auto compacted = api().compact_etcd();
  ASSERT_TRUE(compacted.has_value()) << compacted.error().message();
  // Events go past the watch cache.
  EXPECT_THAT(watch("/api/v1/namespaces/default/events", before), HasSubstr("\"code\":410"));
  // The others stay in it as long as the server runs.
  EXPECT_THAT(watch(kConfigMapsPath, before), HasSubstr("newer"));
  auto restarted = api().restart();
  ASSERT_TRUE(restarted.has_value()) << restarted.error().message();
  EXPECT_THAT(watch(kConfigMapsPath, before), HasSubstr("\"code\":410"));
}

TEST_F(KubeApiServerTest, KubectlAsksAsTheAdministrator) {
  auto may = api().kubectl({"auth", "can-i", "delete", "nodes"});
  ASSERT_TRUE(may.has_value()) << may.error().message();
  EXPECT_EQ(*may, "yes");
  auto absent = api().kubectl({"get", "configmap", "absent"});
  ASSERT_FALSE(absent.has_value());
  EXPECT_THAT(absent.error().message(), HasSubstr("(NotFound)"));
}

TEST_F(KubeApiServerTest, ANamespaceGoesWithAllThatIsInIt) {
  ASSERT_TRUE(api().run_controllers({"namespace-controller"}));
  ask("POST", "/api/v1/namespaces", R"({"metadata": {"name": "doomed"}})");
  ask("POST", "/api/v1/namespaces/doomed/configmaps", R"({"metadata": {"name": "with-it"}})");
  ask("DELETE", "/api/v1/namespaces/doomed");
  EXPECT_TRUE(eventually([] { return is_gone("/api/v1/namespaces/doomed"); }));
  EXPECT_TRUE(is_gone("/api/v1/namespaces/doomed/configmaps/with-it"));
}

TEST_F(KubeApiServerTest, WhatIsOwnedGoesWithItsOwner) {
  const auto owner = ask("POST", kConfigMapsPath, R"({"metadata": {"name": "owner"}})");
  const json owned = {{"metadata",
                       {{"name", "owned"},
                        {"ownerReferences",
                         {{{"apiVersion", "v1"},
                           {"kind", "ConfigMap"},
                           {"name", "owner"},
                           {"uid", owner["metadata"]["uid"]}}}}}}};
  ask("POST", kConfigMapsPath, owned.dump());
  ASSERT_TRUE(api().run_controllers({"garbage-collector-controller"}));
  ask("DELETE", kConfigMapsPath + "/owner");
  EXPECT_TRUE(eventually([] { return is_gone(kConfigMapsPath + "/owned"); }));
}

TEST_F(KubeApiServerTest, AControllerThatThereIsNotIsRefused) {
  auto refused = api().run_controllers({"no-such-controller"});
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message(), HasSubstr("is not in the list of known controllers"));
}

TEST_F(KubeApiServerTest, StopLeavesNothingBesideItsNeighbour) {
  auto started = KubeApiServer::start();
  ASSERT_TRUE(started.has_value()) << started.error().message();
  auto& other = **started;
  EXPECT_NE(other.url(), api().url());
  EXPECT_EQ(fs::status(other.dir()).permissions(), fs::perms::owner_all);
  ASSERT_TRUE(other.run_controllers({"namespace-controller"}));
  auto stopped = other.stop();
  ASSERT_TRUE(stopped.has_value()) << stopped.error().message();
  EXPECT_THAT(processes_of(other.dir()), IsEmpty());
  EXPECT_FALSE(fs::exists(other.dir()));
  EXPECT_EQ(api().request("GET", "/readyz").value_or(""), "ok");
  EXPECT_TRUE(other.stop().has_value());
}

TEST_F(KubeApiServerTest, StopsWhenItsParentWasKilled) {
  const pid_t parent = fork();
  if (parent == 0) {
    pause();
    _exit(0);
  }
  const std::string dir = fs::path(api().dir()) / "child";
  const std::string tool = SANDBOXLET_SOURCE_DIR "/tools/private-apiserver";
  auto started = run_command({tool, "start", dir, "--with-parent", std::to_string(parent)});
  EXPECT_TRUE(run_command({tool, "control", dir, "namespace-controller"}));
  ASSERT_EQ(kill(parent, SIGKILL), 0);
  ASSERT_EQ(waitpid(parent, nullptr, 0), parent);
  ASSERT_TRUE(started.has_value()) << started.error().message();
  EXPECT_TRUE(eventually([&] { return !fs::exists(dir) && processes_of(dir).empty(); }));
}

}  // namespace
}  // namespace sandboxlet::test
