#include "tests/kube/crd_test.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "base/command.h"
#include "tests/rig/eventually.h"

namespace sandboxlet::test {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::UnorderedElementsAre;

namespace {

// Answers when both kinds are served.
Result<> apply_crds(const KubeApiServer& server) {
  CHECK_OK(server.kubectl({"apply", "--server-side", "--warnings-as-errors", "-k", kCrds}));
  const auto served = [&](const char* path) { return server.request("GET", path).has_value(); };
  if (!eventually([&] { return served(kSandboxesPath) && served(kSandboxNodesPath); })) {
    return Error(Code::kDeadlineExceeded, "the kinds are not served");
  }
  return {};
}

std::string file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<std::string> words(const std::string& line) {
  std::istringstream stream(line);
  return {std::istream_iterator<std::string>(stream), {}};
}

}  // namespace

void CrdTest::SetUp() {
  KubeTest::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  static const auto applied = apply_crds(api());
  ASSERT_TRUE(applied) << applied.error().message();
}

json CrdTest::sandbox(const std::string& name) {
  const json container = {{"name", "main"}, {"image", "sandboxlet.test/busybox:1"}};
  const json pod = {{"spec", {{"containers", json::array({container})}}}};
  return {{"apiVersion", "agents.x-k8s.io/v1beta1"},
          {"kind", "Sandbox"},
          {"metadata", {{"name", name}}},
          {"spec", {{"podTemplate", pod}}}};
}

json CrdTest::create(const json& object) { return ask("POST", kSandboxesPath, object.dump()); }

json CrdTest::patch(const std::string& what, const json& change) {
  return ask("PATCH", kSandboxesPath + what, change.dump(), "application/merge-patch+json");
}

std::string CrdTest::kubectl(const std::vector<std::string>& arguments) {
  auto printed = api().kubectl(arguments);
  if (printed.has_value()) return *printed;
  ADD_FAILURE() << printed.error().message();
  return "";
}

namespace {

class SandboxCrdTest : public CrdTest {
 protected:
  static json bind(const std::string& name, const json& node) {
    return patch("/" + name + "/status", {{"status", {{"nodeName", node}}}});
  }
  // "TYPE NAME" of each event of a watch from that version on, until it ends.
  static std::vector<std::string> watched(const std::string& selector, const std::string& version) {
    auto told = api().request("GET", std::string(kSandboxesPath) + "?watch=1&timeoutSeconds=1&" +
                                         selector + "&resourceVersion=" + version);
    EXPECT_TRUE(told) << told.error().message();
    std::istringstream lines(told.value_or(""));
    std::vector<std::string> events;
    for (std::string line; std::getline(lines, line);) {
      const auto event = json::parse(line);
      events.push_back(event["type"].get<std::string>() + " " +
                       event["object"]["metadata"]["name"].get<std::string>());
    }
    return events;
  }
};

TEST_F(SandboxCrdTest, IsWhatTheScriptMakesOfTheServersOpenApi) {
  const std::string committed = file(std::string(kCrds) + "/sandboxes.yaml");
  const std::string version = ask("GET", "/version")["gitVersion"];
  if (committed.find("kube-apiserver " + version + ";") == std::string::npos) {
    GTEST_SKIP() << "made from another kube-apiserver than " << version;
  }
  auto made = run_command({SANDBOXLET_SOURCE_DIR "/tools/make-crd", api().dir()});
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_TRUE(*made + "\n" == committed) << "to do: tools/make-crd > manifests/crd/sandboxes.yaml";
}

TEST_F(SandboxCrdTest, TheServerHasNothingAgainstTheSchemas) {
  for (const std::string name : {"sandboxes.agents.x-k8s.io", "sandboxnodes.sandboxlet.io"}) {
    const auto crd = ask("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + name);
    std::vector<std::string> conditions;
    for (const auto& condition : crd["status"]["conditions"]) {
      conditions.push_back(condition["type"].get<std::string>() + "=" +
                           condition["status"].get<std::string>());
    }
    EXPECT_THAT(conditions, UnorderedElementsAre("NamesAccepted=True", "Established=True")) << name;
  }
}

TEST_F(SandboxCrdTest, ListsSelectByNode) {
  for (const std::string name : {"listed-1", "listed-2", "listed-3"}) create(sandbox(name));
  bind("listed-1", "list-a");
  bind("listed-2", "list-b");
  const auto names = [](const std::string& selector) {
    std::vector<std::string> found;
    const auto list = ask("GET", std::string(kSandboxesPath) + "?fieldSelector=" + selector);
    for (const auto& item : list["items"]) found.push_back(item["metadata"]["name"]);
    return found;
  };
  EXPECT_THAT(names("status.nodeName%3Dlist-a"), ElementsAre("listed-1"));
  EXPECT_THAT(names("status.nodeName%3Dlist-b"), ElementsAre("listed-2"));
  // What is not bound yet: the scheduler's work.
  EXPECT_THAT(names("status.nodeName%3D"), IsSupersetOf({std::string("listed-3")}));
}

TEST_F(SandboxCrdTest, AWatchOfANodeTellsWhatComesToItAndWhatLeavesIt) {
  const std::string selector = "fieldSelector=status.nodeName%3Dwatch-a";
  const auto created = create(sandbox("watched"));
  create(sandbox("elsewhere"));
  bind("elsewhere", "watch-b");
  bind("watched", "watch-a");
  patch("/watched", {{"spec", {{"pause", true}}}});
  bind("watched", nullptr);
  EXPECT_THAT(watched(selector, created["metadata"]["resourceVersion"]),
              ElementsAre("ADDED watched", "MODIFIED watched", "DELETED watched"));
}

TEST_F(SandboxCrdTest, StatusIsWrittenByItself) {
  auto object = sandbox("split");
  object["status"] = {{"nodeName", "from-the-spec"}};
  EXPECT_FALSE(create(object).contains("status"));
  auto after = patch("/split/status", {{"status", {{"nodeName", "here"}}},
                                       {"spec", {{"pause", true}}},
                                       {"metadata", {{"labels", {{"a", "b"}}}}}});
  EXPECT_EQ(after["status"], (json{{"nodeName", "here"}}));
  EXPECT_FALSE(after["spec"].contains("pause"));
  EXPECT_FALSE(after["metadata"].contains("labels"));
  EXPECT_EQ(after["metadata"]["generation"], 1);
  after = patch("/split", {{"spec", {{"pause", true}}}, {"status", {{"nodeName", "there"}}}});
  EXPECT_EQ(after["status"]["nodeName"], "here");
  EXPECT_EQ(after["metadata"]["generation"], 2);
}

TEST_F(SandboxCrdTest, AllOfAStatusIsKept) {
  create(sandbox("told"));
  const json status = json::parse(R"({
    "serviceFQDN": "told.default.svc.cluster.local", "service": "told", "selector": "a=b",
    "podIPs": ["10.0.0.1", "fd00::1"], "nodeName": "node-1",
    "conditions": [
      {"type": "Ready", "status": "False", "observedGeneration": 1, "reason": "SandboxSuspended",
       "lastTransitionTime": "2026-01-02T03:04:05Z", "message": "Sandbox is suspended"},
      {"type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-01-02T03:04:05Z"}],
    "suspend": {"depth": "Freeze", "reason": "User", "since": "2026-01-02T03:04:05Z",
                "lastResume": {"cause": "Exec", "milliseconds": 0.25}},
    "networking": {"url": "http://told", "ip": "10.96.0.7", "message": "a port leads nowhere",
                   "ports": [{"name": "http", "port": 80, "protocol": "TCP", "nodePort": 30080}],
                   "routes": [{"kind": "Ingress", "name": "one", "ready": true, "message": "ok",
                               "url": "http://one"}]},
    "containers": [{"name": "main", "state": "Running", "reason": "", "message": "", "exitCode": 0,
                    "restartCount": 2, "image": "busybox", "startedAt": "2026-01-02T03:04:05Z",
                    "finishedAt": "2026-01-02T03:04:05Z"}]})");
  EXPECT_EQ(patch("/told/status?fieldValidation=Strict", {{"status", status}})["status"], status);
}

TEST_F(SandboxCrdTest, KubectlShowsUpstreamsColumnsAndOursWhereAskedFor) {
  create(sandbox("shown"));
  const json ready = {{"type", "Ready"}, {"status", "False"}, {"reason", "SandboxSuspended"}};
  patch("/shown/status", {{"status",
                           {{"nodeName", "node-1"},
                            {"suspend", {{"depth", "Freeze"}}},
                            {"conditions", json::array({ready})}}}});
  const auto lines = [](const std::string& text) {
    const auto end = text.find('\n');
    return std::pair(words(text.substr(0, end)), words(text.substr(end + 1)));
  };
  const auto [header, row] = lines(kubectl({"get", "sandbox", "shown"}));
  EXPECT_THAT(header, ElementsAre("NAME", "READY", "REASON", "AGE"));
  EXPECT_THAT(row, ElementsAre("shown", "False", "SandboxSuspended", testing::_));
  const auto [wide, wide_row] = lines(kubectl({"get", "sbx", "shown", "-o", "wide"}));
  EXPECT_THAT(wide, ElementsAre("NAME", "READY", "REASON", "AGE", "NODE", "DEPTH"));
  EXPECT_THAT(wide_row,
              ElementsAre("shown", "False", "SandboxSuspended", testing::_, "node-1", "Freeze"));
  EXPECT_THAT(kubectl({"get", "agents"}), HasSubstr("sandbox.agents.x-k8s.io/shown"));
}

TEST_F(SandboxCrdTest, KubectlExplainsThePodAndWhatIsOurs) {
  EXPECT_THAT(kubectl({"explain", "sandbox.spec.podTemplate.spec.containers"}),
              HasSubstr("livenessProbe"));
  EXPECT_THAT(kubectl({"explain", "sandbox.spec.suspend.depth"}), HasSubstr("How deep at once"));
}

TEST_F(SandboxCrdTest, ServerSideApplyMergesContainersByName) {
  const auto apply = [](const std::string& manager, const json& container) {
    json object = sandbox("applied");
    object["spec"]["podTemplate"]["spec"]["containers"] = {container};
    const auto path = std::string(kSandboxesPath) + "/applied?fieldManager=" + manager;
    return ask("PATCH", path, object.dump(), "application/apply-patch+yaml");
  };
  const json port = {{"containerPort", 80}};
  apply("one", {{"name", "main"}, {"image", "a"}, {"ports", json::array({port})}});
  apply("two", {{"name", "side"}, {"image", "b"}});
  const auto both = apply("three", {{"name", "main"}, {"workingDir", "/work"}});
  const auto& containers = both["spec"]["podTemplate"]["spec"]["containers"];
  EXPECT_EQ(containers, json::parse(R"([
    {"name": "main", "image": "a", "workingDir": "/work",
     "ports": [{"containerPort": 80, "protocol": "TCP"}]},
    {"name": "side", "image": "b"}])"));
}

TEST_F(SandboxCrdTest, KeepsAllThatANodesAgentAndItsOperatorSay) {
  const json spec = json::parse(R"({"unschedulable": true, "taints": [
    {"key": "example.com/gpu", "value": "yes", "effect": "NoSchedule"},
    {"key": "example.com/gpu", "effect": "NoExecute", "timeAdded": "2026-01-02T03:04:05Z"}]})");
  const json status = json::parse(R"({
    "capacity": {"cpu": "8", "memory": "16Gi", "pods": 110, "ephemeral-storage": "100Gi"},
    "allocatable": {"cpu": "7500m", "memory": "15Gi", "pods": 100},
    "runtime": {"name": "containerd", "version": "1.6.20"},
    "runtimeHandlers": [{"name": "runc"}, {"name": "runsc"}],
    "depths": ["Freeze", "Stop", "Terminate"],
    "depthsMissing": {"Hibernate": "no swap"},
    "images": [{"names": ["busybox:1", "busybox@sha256:00"], "sizeBytes": 1000000}],
    "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
    "conditions": [{"type": "Ready", "status": "True", "reason": "AgentReady", "message": "ok",
                    "lastTransitionTime": "2026-01-02T03:04:05Z"}],
    "agentVersion": "0.1.0"})");
  const json node = {{"apiVersion", "sandboxlet.io/v1alpha1"},
                     {"kind", "SandboxNode"},
                     {"metadata", {{"name", "node-1"}, {"labels", {{"zone", "a"}}}}},
                     {"spec", spec}};
  const std::string strict = "?fieldValidation=Strict";
  EXPECT_EQ(ask("POST", kSandboxNodesPath + strict, node.dump())["spec"], spec);
  const auto told = ask("PATCH", std::string(kSandboxNodesPath) + "/node-1/status" + strict,
                        json{{"status", status}}.dump(), "application/merge-patch+json");
  EXPECT_EQ(told["status"], status);
  const auto shown = kubectl({"get", "sbn", "node-1"});
  EXPECT_THAT(words(shown.substr(0, shown.find('\n'))),
              ElementsAre("NAME", "READY", "UNSCHEDULABLE", "CPU", "MEMORY", "VERSION", "AGE"));
  EXPECT_THAT(words(shown.substr(shown.find('\n'))),
              ElementsAre("node-1", "True", "true", "7500m", "15Gi", "0.1.0", testing::_));
}

TEST_F(SandboxCrdTest, ATaintThatIsWrongIsRefusedWithItsField) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {R"([{"key": "a"}])", "spec.taints[0].effect: Required value"},
      {R"([{"effect": "NoSchedule"}])", "spec.taints[0].key: Required value"},
      {R"([{"key": "a", "effect": "Never"}])", "spec.taints[0].effect: Unsupported value"},
      {R"([{"key": "a b", "effect": "NoSchedule"}])", "spec.taints[0].key: Invalid value"},
      {R"([{"key": "a", "value": "b c", "effect": "NoSchedule"}])",
       "spec.taints[0].value: Invalid value"},
      {R"([{"key": "a", "effect": "NoSchedule"}, {"key": "a", "effect": "NoSchedule"}])",
       "spec.taints[1]: Duplicate value"}};
  for (const auto& [taints, message] : wrong) {
    const json node = {{"apiVersion", "sandboxlet.io/v1alpha1"},
                       {"kind", "SandboxNode"},
                       {"metadata", {{"name", "tainted"}}},
                       {"spec", {{"taints", json::parse(taints)}}}};
    auto taken = api().request("POST", kSandboxNodesPath, node.dump());
    ASSERT_FALSE(taken) << taints;
    EXPECT_THAT(taken.error().message(), HasSubstr(message));
  }
}

}  // namespace
}  // namespace sandboxlet::test
