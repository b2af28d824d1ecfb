#include "base/command.h"
#include "tests/cluster/cluster_test.h"
#include "tests/rig/eventually.h"
#include "tests/rig/http_client.h"
#include "tests/rig/pods.h"

namespace sandboxlet::test {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr kube::Resource kServices{"", "v1", "services"};
constexpr kube::Resource kSlices{"discovery.k8s.io", "v1", "endpointslices"};

constexpr char kMergePatch[] = "application/merge-patch+json";
const std::string kServicePath = "/api/v1/namespaces/default/services";
const std::string kHttpRoutes = "/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes";
const std::string kCrds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

// How Sandboxes are reached, with what a cluster has for it but its proxies and Gateways.
class NetworkTest : public ClusterTest {
 protected:
  // Serves its /etc on the container port "http".
  static Json web(const std::string& name, const Json& spec = Json::object()) {
    Json sandbox = counter(name);
    Json& container = sandbox["spec"]["podTemplate"]["spec"]["containers"][0];
    container["image"] = kBusyboxImage;
    container["command"] = {"httpd", "-f", "-p", "8080", "-h", "/etc"};
    container["ports"] = Json::parse(R"([{"name": "http", "containerPort": 8080}])");
    sandbox["spec"].merge_patch(spec);
    return sandbox;
  }
  static Json own_service(const std::string& type, const std::string& ports) {
    return {{"networking", {{"service", {{"type", type}, {"ports", Json::parse(ports)}}}}}};
  }

  Json object(kube::Resource resource, const std::string& name) {
    auto answer = loop_.run(client().get({resource, "default", name, ""}));
    return answer ? std::move(*answer) : Json();
  }
  Json service(const std::string& name) { return object(kServices, name); }
  Json slice(const std::string& name) { return object(kSlices, name); }
  // At that place of the Sandbox's status.
  Json told(const std::string& name, const char* place) {
    const Json now = get(name);
    const Json::json_pointer pointer(std::string("/status") + place);
    return now.contains(pointer) ? now[pointer] : Json();
  }
  bool is_told(const std::string& name, const char* place, const Json& what) {
    return eventually([&] { return told(name, place) == what; }, std::chrono::seconds(75));
  }
  bool is_endpoint(const std::string& name, bool ready) {
    return eventually([&] {
      const Json now = slice(name);
      return !now.is_null() && now["endpoints"][0]["conditions"]["ready"] == ready;
    });
  }
};

TEST_F(NetworkTest, AServiceIsMadeKeptAndTakenAwayAsUpstreamHasIt) {
  begin();
  create(web("headless", {{"service", true}}));
  ASSERT_TRUE(becomes("headless", "Ready", "True"));
  EXPECT_EQ(condition("headless", "Ready")["message"], "Pod is Ready; Service Exists");
  EXPECT_EQ(told("headless", "/service"), "headless");
  EXPECT_EQ(told("headless", "/serviceFQDN"), "headless.default.svc.cluster.local");
  const Json made = service("headless");
  EXPECT_EQ(made["spec"]["clusterIP"], "None");
  EXPECT_EQ(made["spec"]["selector"]["agents.x-k8s.io/sandbox-name-hash"],
            made["metadata"]["labels"]["agents.x-k8s.io/sandbox-name-hash"]);
  EXPECT_EQ(made["spec"]["ports"][0]["port"], 8080);
  EXPECT_EQ(made["metadata"]["ownerReferences"][0]["uid"], get("headless")["metadata"]["uid"]);
  EXPECT_TRUE(is_endpoint("headless-ipv4", true));
  patch("headless", {{"spec", {{"service", nullptr}}}});
  ASSERT_TRUE(becomes("headless", "Ready", "True"));
  EXPECT_EQ(condition("headless", "Ready")["message"], "Pod is Ready; Service Exists");
  EXPECT_FALSE(service("headless").is_null());
  patch("headless", {{"spec", {{"service", false}}}});
  EXPECT_TRUE(eventually([&] { return service("headless").is_null(); }));
  EXPECT_TRUE(eventually([&] { return slice("headless-ipv4").is_null(); }));
  EXPECT_TRUE(is_told("headless", "/service", nullptr));
  EXPECT_TRUE(becomes("headless", "Ready", "True"));
}

TEST_F(NetworkTest, ItsOwnServiceIsOfEachTypeInTurnAndToldOf) {
  begin();
  const std::string ports = R"([{"name": "http", "port": 80}])";
  create(web("typed", own_service("ClusterIP", ports)));
  ASSERT_TRUE(becomes("typed", "Ready", "True"));
  ASSERT_TRUE(
      is_told("typed", "/networking/url", "http://typed-service.default.svc.cluster.local"));
  EXPECT_EQ(told("typed", "/networking/ip"), service("typed-service")["spec"]["clusterIP"]);
  patch("typed", {{"spec", own_service("NodePort", ports)}});
  ASSERT_TRUE(eventually([&] { return !told("typed", "/networking/ports/0/nodePort").is_null(); }));
  const Json node_port = service("typed-service")["spec"]["ports"][0]["nodePort"];
  EXPECT_EQ(told("typed", "/networking/ports/0/nodePort"), node_port);
  patch("typed", {{"spec", own_service("LoadBalancer", ports)}});
  ASSERT_TRUE(
      eventually([&] { return service("typed-service")["spec"]["type"] == "LoadBalancer"; }));
  // By name, a port keeps what nodes know it by.
  EXPECT_EQ(service("typed-service")["spec"]["ports"][0]["nodePort"], node_port);
  ask("PATCH", kServicePath + "/typed-service/status",
      R"({"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}})", kMergePatch);
  EXPECT_TRUE(is_told("typed", "/networking/ip", "192.0.2.7"));
  EXPECT_TRUE(is_told("typed", "/networking/url", "http://192.0.2.7"));
  EXPECT_TRUE(is_endpoint("typed-service-ipv4", true));
  patch("typed", {{"spec", {{"networking", nullptr}}}});
  EXPECT_TRUE(eventually([&] { return service("typed-service").is_null(); }));
  EXPECT_TRUE(eventually([&] { return slice("typed-service-ipv4").is_null(); }));
  EXPECT_TRUE(is_told("typed", "/networking", nullptr));
}

TEST_F(NetworkTest, ATargetPortIsANumberANameOrTheContainersOwn) {
  begin();
  create(web("aimed", own_service("ClusterIP", R"([
      {"name": "numbered", "port": 1, "targetPort": 8080},
      {"name": "named", "port": 2, "targetPort": "http"},
      {"name": "http", "port": 3},
      {"name": "nameless", "port": 4},
      {"name": "dead", "port": 5, "targetPort": "nothing"}])")));
  ASSERT_TRUE(becomes("aimed", "Ready", "True"));
  ASSERT_TRUE(is_endpoint("aimed-service-ipv4", true));
  std::map<std::string, int> targets;
  const Json made = slice("aimed-service-ipv4");
  for (const Json& port : made["ports"]) targets[port["name"]] = port["port"];
  const std::map<std::string, int> expected{
      {"numbered", 8080}, {"named", 8080}, {"http", 8080}, {"nameless", 4}};
  EXPECT_EQ(targets, expected);
  EXPECT_TRUE(is_told("aimed", "/networking/message",
                      "port 5: no container has a TCP port named \"nothing\""));
}

TEST_F(NetworkTest, AServiceOfSomebodyElseIsLeftToThemAndToldOf) {
  begin();
  kubectl({"create", "service", "clusterip", "taken", "--tcp=80"});
  const Json before = service("taken");
  create(web("taken", {{"service", true}}));
  EXPECT_TRUE(is_told("taken", "/networking/message",
                      "Service taken: exists and is not controlled by this Sandbox"));
  ASSERT_TRUE(eventually([&] {
    return condition("taken", "Ready")["message"] == "Pod is Ready; Service does not exist";
  }));
  EXPECT_EQ(condition("taken", "Ready")["status"], "False");
  EXPECT_TRUE(eventually([&] {
    const auto events = events_of("taken");
    return testing::Value(events, Contains("NotReachable"));
  }));
  EXPECT_EQ(service("taken"), before);
  EXPECT_TRUE(slice("taken-ipv4").is_null());
  kubectl({"delete", "service", "taken"});
  EXPECT_TRUE(becomes("taken", "Ready", "True"));
  EXPECT_TRUE(is_told("taken", "/networking", nullptr));
}

TEST_F(NetworkTest, APausedSandboxTakesNoTrafficUntilItIsResumed) {
  begin();
  create(web("paused", {{"service", true}}));
  ASSERT_TRUE(is_endpoint("paused-ipv4", true));
  patch("paused", {{"spec", {{"pause", true}}}});
  EXPECT_TRUE(is_endpoint("paused-ipv4", false));
  patch("paused", {{"spec", {{"pause", false}}}});
  EXPECT_TRUE(is_endpoint("paused-ipv4", true));
}

TEST_F(NetworkTest, OneThatSleepsStaysAnEndpointAndAnswersThere) {
  begin();
  create(web("sleeper", {{"service", true}, {"suspend", {{"idleTimeout", "2s"}}}}));
  ASSERT_TRUE(is_endpoint("sleeper-ipv4", true));
  ASSERT_TRUE(becomes("sleeper", "Suspended", "True"));
  const auto is_taken_away = [&] {
    return slice("sleeper-ipv4")["endpoints"][0]["conditions"]["ready"] != true;
  };
  EXPECT_FALSE(eventually(is_taken_away, std::chrono::seconds(3)));
  EXPECT_EQ(condition("sleeper", "Ready")["reason"], "SandboxSuspended");
  const Json address = slice("sleeper-ipv4")["endpoints"][0]["addresses"][0];
  const auto answer = http_get(address, 8080);
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_THAT(answer->text, HasSubstr("HTTP/1."));
  EXPECT_TRUE(is_told("sleeper", "/suspend/lastResume/cause", "Traffic"));
}

TEST_F(NetworkTest, WhereAnEndpointLeadsTheSandboxAnswers) {
  begin();
  create(web("serving", own_service("ClusterIP", R"([{"name": "http", "port": 80}])")));
  ASSERT_TRUE(is_endpoint("serving-service-ipv4", true));
  const Json made = slice("serving-service-ipv4");
  const std::string url = "http://" + made["endpoints"][0]["addresses"][0].get<std::string>() +
                          ":" + made["ports"][0]["port"].dump() + "/passwd";
  std::string answer;
  EXPECT_TRUE(eventually([&] {
    answer = run_command({"curl", "-sSf", "--noproxy", "*", "--max-time", "5", url}).value_or("");
    return !answer.empty();
  }));
  EXPECT_THAT(answer, HasSubstr("root:"));
}

TEST_F(NetworkTest, AShimThatIsKilledLeavesNothingHalfDone) {
  begin();
  for (int i = 0; i < 5; ++i) {
    create(web("storm-" + std::to_string(i), {{"service", true}}));
    const auto again = shim().kill_and_restart();
    ASSERT_TRUE(again) << again.error().message();
  }
  for (int i = 0; i < 5; ++i) {
    const std::string name = "storm-" + std::to_string(i);
    EXPECT_TRUE(becomes(name, "Ready", "True")) << name;
    EXPECT_TRUE(is_endpoint(name + "-ipv4", true)) << name;
  }
}

// ---- Routes

TEST_F(NetworkTest, AnIngressIsToldOfOnceItLeadsHereAndHasAnAddress) {
  begin();
  Json spec = own_service("ClusterIP", R"([{"name": "http", "port": 80}])");
  spec["networking"]["routeRefs"] = Json::parse(R"([{"kind": "Ingress", "name": "way"}])");
  create(web("routed", spec));
  EXPECT_TRUE(is_told("routed", "/networking/routes/0/message", "not found"));
  const std::string ingresses = "/apis/networking.k8s.io/v1/namespaces/default/ingresses";
  ask("POST", ingresses, R"({"metadata": {"name": "way"}, "spec": {
      "tls": [{"hosts": ["a.example.com"]}],
      "rules": [{"host": "a.example.com", "http": {"paths": [{"path": "/b", "pathType": "Prefix",
          "backend": {"service": {"name": "routed-service", "port": {"number": 80}}}}]}}]}})");
  EXPECT_TRUE(is_told("routed", "/networking/routes/0/url", "https://a.example.com/b"));
  EXPECT_EQ(told("routed", "/networking/routes/0/ready"), false);
  ask("PATCH", ingresses + "/way/status",
      R"({"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.8"}]}}})", kMergePatch);
  EXPECT_TRUE(is_told("routed", "/networking/routes/0/ready", true));
  EXPECT_TRUE(is_told("routed", "/networking/url", "https://a.example.com/b"));
  ask("DELETE", ingresses + "/way");
  EXPECT_TRUE(is_told("routed", "/networking/routes/0/message", "not found"));
}

TEST_F(NetworkTest, AGatewayApiThatIsNotThereIsSaidAndSeenWhenItComes) {
  begin();
  Json spec = own_service("ClusterIP", R"([{"name": "http", "port": 80}])");
  spec["networking"]["routeRefs"] = Json::parse(R"([{"kind": "HTTPRoute", "name": "way"}])");
  create(web("gated", spec));
  ASSERT_TRUE(becomes("gated", "Ready", "True"));
  ASSERT_TRUE(eventually([&] {
    const Json message = told("gated", "/networking/routes/0/message");
    return message.is_string() && message.get<std::string>().starts_with(
                                      "this cluster shows no HTTPRoute of "
                                      "gateway.networking.k8s.io/v1: ");
  }));
  ask("POST", kCrds, R"({
      "metadata": {"name": "httproutes.gateway.networking.k8s.io",
                   "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"}},
      "spec": {"group": "gateway.networking.k8s.io", "scope": "Namespaced",
               "names": {"kind": "HTTPRoute", "plural": "httproutes", "singular": "httproute"},
               "versions": [{"name": "v1", "served": true, "storage": true,
                             "subresources": {"status": {}},
                             "schema": {"openAPIV3Schema": {
                                 "type": "object",
                                 "x-kubernetes-preserve-unknown-fields": true}}}]}})");
  EXPECT_TRUE(is_told("gated", "/networking/routes/0/message", "not found"));
  const Json route = Json::parse(R"({
      "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
      "metadata": {"name": "way"},
      "spec": {"parentRefs": [{"name": "edge", "sectionName": "https"}],
               "hostnames": ["a.example.com"],
               "rules": [{"backendRefs": [{"name": "gated-service", "port": 80}]}]}})");
  ask("POST", kHttpRoutes, route.dump());
  EXPECT_TRUE(is_told("gated", "/networking/routes/0/message", "not accepted by any Gateway yet"));
  ask("PATCH", kHttpRoutes + "/way/status",
      R"({"status": {"parents": [{"parentRef": {"name": "edge"},
          "conditions": [{"type": "Accepted", "status": "True"}]}]}})",
      kMergePatch);
  EXPECT_TRUE(is_told("gated", "/networking/routes/0/ready", true));
  EXPECT_TRUE(is_told("gated", "/networking/url", "https://a.example.com"));
  ask("DELETE", kCrds + "/httproutes.gateway.networking.k8s.io");
  EXPECT_TRUE(is_told("gated", "/networking/routes/0/ready", false));
}

}  // namespace
}  // namespace sandboxlet::test
