#include <gmock/gmock.h>

#include <boost/mp11.hpp>
#include <regex>

#include "api/sandbox.h"
#include "tests/kube/crd_test.h"
#include "tests/rig/shapes.h"

namespace sandboxlet::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;

class SandboxSchemaTest : public CrdTest {
 protected:
  // What the server would say of it; nothing where it would take it.
  static std::string refusal(const json& object) {
    auto taken = api().request(
        "POST", std::string(kSandboxesPath) + "?dryRun=All&fieldValidation=Strict", object.dump());
    return taken.has_value() ? "" : taken.error().message();
  }
};

// A default of upstream's schema, by its JSON pointer.
bool is_default(const std::string& pointer) {
  static const std::regex defaults(
      "/operatingMode|/shutdownPolicy|"
      "/podTemplate/spec/(initC|c)ontainers/[0-9]+/ports/[0-9]+/protocol");
  return std::regex_match(pointer, defaults);
}

template <class T>
inline constexpr bool kIsList = false;
template <class T>
inline constexpr bool kIsList<std::vector<T>> = true;
template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

// The paths of T's JSON that the schema has not; the others are counted.
template <class T>
void find_missing(const json& schema, const std::string& path, std::vector<std::string>& missing,
                  int& found) {
  if constexpr (kIsList<T>) {
    find_missing<typename T::value_type>(schema["items"], path + "[]", missing, found);
  } else if constexpr (kIsOptional<T>) {
    find_missing<typename T::value_type>(schema, path, missing, found);
  } else if constexpr (boost::describe::has_describe_members<T>::value) {
    using Members = boost::describe::describe_members<T, boost::describe::mod_public>;
    boost::mp11::mp_for_each<Members>([&](auto member) {
      using Member = std::remove_cvref_t<decltype(std::declval<T>().*member.pointer)>;
      // A word of C++ has an underscore more.
      std::string name = member.name;
      if (name.ends_with('_')) name.pop_back();
      const std::string field = path + "." + name;
      if (!schema["properties"].contains(name)) return missing.push_back(field);
      ++found;
      find_missing<Member>(schema["properties"][name], field, missing, found);
    });
  }
}

TEST_F(SandboxSchemaTest, HasEveryFieldThatAnAgentReadsAndWrites) {
  const auto crd = ask(
      "GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/sandboxes.agents.x-k8s.io");
  const json& schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
  std::vector<std::string> missing;
  int found = 0;
  find_missing<api::SandboxSpec>(schema["spec"], "spec", missing, found);
  find_missing<api::SandboxStatus>(schema["status"], "status", missing, found);
  EXPECT_THAT(missing, IsEmpty());
  EXPECT_GT(found, 100);
}

TEST_F(SandboxSchemaTest, TakesEveryShapeOfPodWholeAndAddsUpstreamsDefaultsAlone) {
  const std::string path = std::string(kSandboxesPath) + "?fieldValidation=Strict";
  const auto shapes = shapes_of_sandboxes();
  EXPECT_GE(shapes.size(), 20);
  for (const auto& [name, sent] : shapes) {
    const json got = ask("POST", path, sent.dump());
    for (const json& change : json::diff(sent["spec"], got["spec"])) {
      EXPECT_TRUE(change["op"] == "add" && is_default(change["path"])) << name << change;
    }
  }
}

// What of a Sandbox's spec a merge patch makes wrong, and what the server says of it.
struct Refused {
  std::string change;
  std::string message;
};

// A pod whose only container has these besides.
std::string pod(const std::string& fields) {
  return R"({"podTemplate": {"spec": {"containers": [{"name": "main", )" + fields + "}]}}}";
}
std::string service(const std::string& fields) {
  return R"({"networking": {"service": {)" + fields + "}}}";
}
std::string routes(const std::string& items) {
  return R"({"networking": {"routeRefs": [)" + items + "]}}";
}

const Refused kRefused[] = {
    // Upstream's.
    {R"({"podTemplate": null})", "spec.podTemplate: Required value"},
    {R"({"podTemplate": {"spec": null}})", "spec.podTemplate.spec: Required value"},
    {R"({"operatingMode": "Paused"})", "spec.operatingMode: Unsupported value: \\\"Paused\\\""},
    {R"({"shutdownPolicy": "Keep"})", "spec.shutdownPolicy: Unsupported value"},
    {R"({"shutdownTime": "tomorrow"})", "spec.shutdownTime: Invalid value"},
    {R"({"service": "yes"})", "spec.service: Invalid value"},
    {R"({"volumeClaimTemplates": [{"metadata": {"name": "home"}}]})",
     "spec.volumeClaimTemplates[0].spec: Required value"},
    {R"({"replicas": 2})", "unknown field \\\"spec.replicas\\\""},
    // The pod's.
    {R"({"podTemplate": {"spec": {"containers": []}}})",
     "spec.podTemplate.spec.containers: Invalid value"},
    {R"({"podTemplate": {"spec": {"containers": [{"image": "busybox"}]}}})",
     "spec.podTemplate.spec.containers[0].name: Required value"},
    {R"({"podTemplate": {"spec": {"containers": [{"name": "a"}, {"name": "a"}]}}})",
     "spec.podTemplate.spec.containers[1]: Duplicate value"},
    {R"({"podTemplate": {"spec": {"restartPolicy": "Sometimes"}}})",
     "spec.podTemplate.spec.restartPolicy: Unsupported value"},
    {pod(R"("imagee": "busybox")"),
     "unknown field \\\"spec.podTemplate.spec.containers[0].imagee\\\""},
    {pod(R"("ports": [{"containerPort": 0}])"),
     "containers[0].ports[0].containerPort: Invalid value"},
    {pod(R"("ports": [{"containerPort": 65536}])"),
     "containers[0].ports[0].containerPort: Invalid value"},
    {pod(R"("ports": [{"name": "http"}])"), "containers[0].ports[0].containerPort: Required value"},
    {pod(R"("ports": [{"containerPort": 80}, {"containerPort": 80}])"),
     "containers[0].ports[1]: Duplicate value"},
    {pod(R"("env": [{"name": "PORT", "value": 80}])"),
     "containers[0].env[0].value: Invalid value: \\\"integer\\\""},
    {pod(R"("imagePullPolicy": "Sometimes")"), "containers[0].imagePullPolicy: Unsupported value"},
    {pod(R"("resources": {"limits": {"memory": "1 GB"}})"),
     "containers[0].resources.limits.memory: Invalid value"},
    {pod(R"("livenessProbe": {"httpGet": {"path": "/"}})"),
     "containers[0].livenessProbe.httpGet.port: Required value"},
    // Ours.
    {R"({"pause": "yes"})", "spec.pause: Invalid value"},
    {R"({"suspend": {"depth": "Running"}})", "spec.suspend.depth: Unsupported value"},
    {R"({"suspend": {"depth": "Stop", "deepest": "Freeze"}})",
     "spec.suspend.deepest: Invalid value"},
    {R"({"suspend": {"idleTimeout": "soon"}})", "spec.suspend.idleTimeout: Invalid value"},
    {R"({"suspend": {"idleTimeout": "10"}})", "spec.suspend.idleTimeout: Invalid value"},
    {R"({"suspend": {"idleTimeout": "-5m"}})", "spec.suspend.idleTimeout: Invalid value"},
    {R"({"suspend": {"idleTimeout": "0h0m"}})",
     "spec.suspend.idleTimeout: Invalid value: \\\"0h0m\\\": must be greater than zero"},
    {service(R"("type": "ClusterIP")"), "spec.networking.service.ports: Required value"},
    {service(R"("ports": [])"), "spec.networking.service.ports: Invalid value"},
    {service(R"("type": "ExternalName", "ports": [{"port": 80}])"),
     "spec.networking.service.type: Unsupported value"},
    {service(R"("ports": [{"port": 0}])"), "spec.networking.service.ports[0].port: Invalid value"},
    {service(R"("ports": [{"port": 65536}])"), "service.ports[0].port: Invalid value"},
    {service(R"("ports": [{"port": 80, "protocol": "HTTP"}])"),
     "service.ports[0].protocol: Unsupported value"},
    {service(R"("ports": [{"port": 80, "targetPort": 0}])"),
     "service.ports[0].targetPort: Invalid value"},
    {service(R"("ports": [{"port": 80, "targetPort": "8080"}])"),
     "service.ports[0].targetPort: Invalid value"},
    {service(R"("ports": [{"port": 80, "targetPort": "a--b"}])"),
     "service.ports[0].targetPort: Invalid value"},
    {service(R"("ports": [{"port": 80, "name": "HTTP"}])"), "service.ports[0].name: Invalid value"},
    {service(R"("ports": [{"port": 80, "name": "a"}, {"port": 81}])"),
     "each port needs a name where there is more than one"},
    {service(R"("ports": [{"port": 80, "name": "a"}, {"port": 81, "name": "a"}])"),
     "ports' names must be unique"},
    {service(R"("ports": [{"port": 80, "name": "a"}, {"port": 80, "name": "b"}])"),
     "spec.networking.service.ports[1]: Duplicate value"},
    {routes(R"({"kind": "Service", "name": "one"})"),
     "spec.networking.routeRefs[0].kind: Unsupported value"},
    {routes(R"({"kind": "HTTPRoute"})"), "spec.networking.routeRefs[0].name: Required value"},
    {routes(R"({"kind": "HTTPRoute", "name": "One"})"),
     "spec.networking.routeRefs[0].name: Invalid value"},
    {routes(R"({"kind": "HTTPRoute", "name": "one", "group": "networking.k8s.io"})"),
     "spec.networking.routeRefs[0].group: Invalid value"},
    {routes(R"({"kind": "Ingress", "name": "one"}, {"kind": "Ingress", "name": "one"})"),
     "spec.networking.routeRefs[1]: Duplicate value"},
};

TEST_F(SandboxSchemaTest, RefusesWhatIsWrongAndNamesTheField) {
  for (const auto& [change, message] : kRefused) {
    json object = sandbox("wrong");
    object["spec"].merge_patch(json::parse(change));
    EXPECT_THAT(refusal(object), HasSubstr(message)) << change;
  }
}

TEST_F(SandboxSchemaTest, ANameThatAServiceCannotHaveIsRefusedWhereOneIsAskedFor) {
  json object = sandbox("1st");
  EXPECT_EQ(refusal(object), "");
  // Upstream takes it here.
  object["spec"]["service"] = true;
  EXPECT_EQ(refusal(object), "");
  object["spec"].merge_patch(json::parse(service(R"("ports": [{"port": 80}])")));
  EXPECT_THAT(refusal(object),
              HasSubstr("metadata.name: Invalid value: a Service is to be called this"));
  object["metadata"]["name"] = std::string(55, 'a');
  EXPECT_EQ(refusal(object), "");
  object["metadata"]["name"] = std::string(56, 'a');
  EXPECT_THAT(refusal(object), HasSubstr("a Service is to be called this"));
}

TEST_F(SandboxSchemaTest, WhatIsEmptyStandsForItsDefault) {
  json object = sandbox("empty");
  object["spec"].merge_patch(json::parse(R"({"podTemplate": {
    "metadata": {"labels": {}},
    "spec": {"restartPolicy": "", "dnsPolicy": "", "imagePullSecrets": [{}],
             "containers": [{"name": "main", "imagePullPolicy": "", "ports": [],
                             "terminationMessagePolicy": "", "resources": {}}]}}})"));
  EXPECT_EQ(refusal(object), "");
}

TEST_F(SandboxSchemaTest, ClaimTemplatesCannotChange) {
  json object = sandbox("claims");
  const json claim = {{"metadata", {{"name", "home"}}},
                      {"spec", {{"accessModes", {"ReadWriteOnce"}}}}};
  object["spec"]["volumeClaimTemplates"] = {claim};
  create(object);
  const auto change = [](const json& claims) {
    auto changed = api().request("PATCH", std::string(kSandboxesPath) + "/claims",
                                 json{{"spec", {{"volumeClaimTemplates", claims}}}}.dump(),
                                 "application/merge-patch+json");
    return changed.has_value() ? "" : changed.error().message();
  };
  EXPECT_EQ(change(json::array({claim})), "");
  json other = claim;
  other["metadata"]["name"] = "other";
  for (const json& claims :
       {json::array({other}), json::array({claim, other}), json::array(), json()}) {
    EXPECT_THAT(change(claims), HasSubstr("spec: Invalid value")) << claims;
    EXPECT_THAT(change(claims), HasSubstr("volumeClaimTemplates is immutable")) << claims;
  }
  patch("/claims", {{"spec", {{"operatingMode", "Suspended"}}}});
}

}  // namespace
}  // namespace sandboxlet::test
