#include "scheduler-shim/network/reach.h"

#include <gmock/gmock.h>

#include "scheduler-shim/network/testing/reaches.h"

namespace sandboxlet::network {
namespace {

using testing::ElementsAre;

Json with_condition(const char* type, const char* status, const char* reason = "") {
  const Json condition{{"type", type}, {"status", status}, {"reason", reason}};
  return {{"status", {{"conditions", Json::array({condition})}}}};
}

TEST(Reach, FewSandboxesHaveToBeKept) {
  EXPECT_FALSE(is_reached(box()));
  EXPECT_FALSE(is_reached(Json::object()));
  EXPECT_FALSE(is_reached(box({{"spec", {{"service", false}}}})));
  EXPECT_TRUE(is_reached(box({{"spec", {{"service", true}}}})));
  EXPECT_TRUE(is_reached(box({{"spec", {{"networking", {{"routeRefs", Json::array()}}}}}})));
  // There is something to take back.
  EXPECT_TRUE(is_reached(box({{"status", {{"service", "box"}}}})));
  EXPECT_TRUE(is_reached(box({{"status", {{"networking", {{"ip", "10.96.0.1"}}}}}})));
}

TEST(Reach, IsReadyWhenTheSandboxIs) {
  EXPECT_TRUE(read_reach(box()).is_ready);
  EXPECT_FALSE(read_reach(box(with_condition("Ready", "False"))).is_ready);
  EXPECT_FALSE(read_reach(box(with_condition("PodScheduled", "True"))).is_ready);
  EXPECT_FALSE(
      read_reach(box({{"metadata", {{"deletionTimestamp", "2026-01-02T03:04:05Z"}}}})).is_ready);
}

TEST(Reach, IsReadyWhileItSleepsWhereTrafficWakesIt) {
  const auto asleep = [](const char* reason, const Json& spec) {
    Json object = box(with_condition("Ready", "False", "SandboxSuspended"));
    object["status"]["conditions"].push_back({{"type", "Suspended"}, {"status", "True"}});
    object["status"]["suspend"] = {{"depth", "Freeze"}, {"reason", reason}};
    object["spec"].merge_patch(spec);
    return read_reach(object).is_ready;
  };
  EXPECT_TRUE(asleep("Idle", {}));
  EXPECT_FALSE(asleep("Idle", {{"suspend", {{"wakeOnTraffic", false}}}}));
  EXPECT_FALSE(asleep("User", {{"pause", true}}));
  EXPECT_TRUE(asleep("User", {{"pause", true}, {"suspend", {{"wakeOnTraffic", true}}}}));
  EXPECT_FALSE(asleep("User", {{"operatingMode", "Suspended"}, {"suspend", 7}}));
}

TEST(Reach, PortsAreThoseOfContainersAndSidecars) {
  Json object = box();
  Json& pod = object["spec"]["podTemplate"]["spec"];
  pod["initContainers"] = Json::parse(R"([
      {"name": "setup", "ports": [{"containerPort": 1}]},
      {"name": "side", "restartPolicy": "Always", "ports": [{"containerPort": 2}]}])");
  EXPECT_THAT(read_reach(object).ports,
              ElementsAre(Port{"http", 8080, "TCP"}, Port{"dns", 53, "UDP"}, Port{"", 2, "TCP"}));
}

TEST(Reach, ATargetIsANumberANameOrWhatHasThePortsOwnName) {
  Json object = box();
  object["spec"]["networking"]["service"]["ports"] = Json::parse(R"([
      {"name": "a", "port": 80, "targetPort": 81}, {"name": "b", "port": 80, "targetPort": "web"},
      {"name": "http", "port": 80}, {"name": "dns", "port": 53}, {"port": 9}])");
  const auto service = *read_reach(object).own_service;
  EXPECT_EQ(service.type, "ClusterIP");
  EXPECT_EQ(service.ports[0].targetPort, (api::IntOrString{81, ""}));
  EXPECT_EQ(service.ports[1].targetPort, (api::IntOrString{std::nullopt, "web"}));
  EXPECT_EQ(service.ports[2].targetPort, (api::IntOrString{std::nullopt, "http"}));
  // The container's is of another protocol.
  EXPECT_EQ(service.ports[3].targetPort, (api::IntOrString{53, ""}));
  EXPECT_EQ(service.ports[4].targetPort, (api::IntOrString{9, ""}));
}

TEST(Reach, OneThatHasExpiredAsksForNothing) {
  Json object = box(with_condition("Ready", "False", "SandboxExpired"));
  object["spec"]["service"] = true;
  object["spec"]["networking"]["service"]["ports"] = Json::parse(R"([{"port": 80}])");
  const Reach reach = read_reach(object);
  EXPECT_EQ(reach.service, false);
  EXPECT_FALSE(reach.own_service);
  EXPECT_THAT(reach.ips, ElementsAre());
}

TEST(Reach, WhatWasToldOfIsKeptToTheLetter) {
  EXPECT_EQ(read_reach(box()).told, "");
  const Json told{{"service", "box"}, {"networking", {{"ip", "10.96.0.1"}}}};
  EXPECT_EQ(read_reach(box({{"status", told}})).told, told.dump());
}

TEST(Reach, WhateverIsThereIsRead) {
  for (const char* text : {"{}", R"({"spec": 1, "status": []})",
                           R"({"spec": {"networking": {"service": {"ports": [1, {"port": "x"}]},
                                                       "routeRefs": {}}, "service": "yes"},
                               "status": {"podIPs": [1], "conditions": [1, {}]}})"}) {
    const Json object = Json::parse(text);
    is_reached(object);
    EXPECT_FALSE(read_reach(object).is_ready) << text;
  }
}

}  // namespace
}  // namespace sandboxlet::network
