#include "scheduler-shim/network/service.h"

#include <gmock/gmock.h>

#include "scheduler-shim/network/names.h"
#include "scheduler-shim/network/testing/reaches.h"

namespace sandboxlet::network {
namespace {

using testing::ElementsAre;

Reach reach_with_ports(const std::string& ports) {
  Json object = box();
  object["spec"]["podTemplate"]["spec"]["containers"][0]["ports"] = Json::parse(ports);
  return read_reach(object);
}

Reach reach_of(const std::string& service) {
  return read_reach(box({{"spec", {{"networking", {{"service", Json::parse(service)}}}}}}));
}

std::vector<std::string> names_of(const Service& service) {
  std::vector<std::string> names;
  for (const auto& port : service.ports) {
    names.push_back(port.name + "=" + std::to_string(port.port) + "/" + port.protocol);
  }
  return names;
}

TEST(HeadlessService, HasEachPortOnceByItsNameOrItsNumber) {
  const Service service = headless_service(reach_with_ports(R"([
      {"containerPort": 8080}, {"name": "metrics", "containerPort": 9090},
      {"name": "dns", "containerPort": 53, "protocol": "UDP"},
      {"name": "dns-tcp", "containerPort": 53}, {"name": "again", "containerPort": 8080}])"));
  EXPECT_THAT(names_of(service), ElementsAre("p-8080-tcp=8080/TCP", "metrics=9090/TCP",
                                             "dns=53/UDP", "dns-tcp=53/TCP"));
}

TEST(HeadlessService, TwoContainersPortsOfOneNameAreTwoPorts) {
  const Service service = headless_service(reach_with_ports(R"([
      {"name": "http", "containerPort": 80}, {"name": "http", "containerPort": 81}])"));
  EXPECT_THAT(names_of(service), ElementsAre("http=80/TCP", "p-81-tcp=81/TCP"));
}

TEST(HeadlessService, IsUpstreamsObject) {
  const Reach reach = reach_with_ports("[]");
  const Json object = new_service(headless_service(reach), reach);
  const std::string hash = name_hash("box");
  EXPECT_EQ(object["spec"], (Json{{"clusterIP", "None"},
                                  {"type", "ClusterIP"},
                                  {"ports", Json::array()},
                                  {"selector", {{"agents.x-k8s.io/sandbox-name-hash", hash}}}}));
  EXPECT_EQ(object["metadata"]["name"], "box");
  EXPECT_EQ(object["metadata"]["labels"]["agents.x-k8s.io/sandbox-name-hash"], hash);
  const Json owner{{"apiVersion", "agents.x-k8s.io/v1beta1"},
                   {"kind", "Sandbox"},
                   {"name", "box"},
                   {"uid", "u-1"},
                   {"controller", true},
                   {"blockOwnerDeletion", true}};
  EXPECT_EQ(object["metadata"]["ownerReferences"], Json::array({owner}));
}

TEST(OwnService, HasNoSelectorAndAnotherName) {
  const Reach reach = reach_of(R"({"type": "NodePort", "ports": [{"port": 80}]})");
  const Json object = new_service(*own_service(reach), reach);
  EXPECT_EQ(object["metadata"]["name"], "box-service");
  EXPECT_EQ(object["spec"], Json::parse(R"({"type": "NodePort", "ports": [
      {"port": 80, "protocol": "TCP", "targetPort": 80}]})"));
  EXPECT_FALSE(own_service(read_reach(box())));
}

TEST(OwnService, AsTheServerShowsItItIsTheSame) {
  const Reach reach = reach_of(R"({"ports": [{"name": "http", "port": 80},
                                             {"name": "dns", "port": 53, "protocol": "UDP"}]})");
  for (const Service& service : {headless_service(reach), *own_service(reach)}) {
    Json object = shown(new_service(service, reach), "s-1");
    object["spec"]["sessionAffinity"] = "None";
    const KnownService known = read_service(object, "box");
    EXPECT_EQ(known.service, service) << object;
    EXPECT_TRUE(known.is_labelled);
    EXPECT_EQ(known.uid, "s-1");
    object["metadata"]["labels"][kManagedByLabel] = "somebody";
    EXPECT_FALSE(read_service(object, "box").is_labelled);
    EXPECT_FALSE(read_service(object, "another").is_labelled);
  }
}

TEST(OwnService, WhereTheClusterHasPutItIsRead) {
  const KnownService known = read_service(Json::parse(R"({
      "spec": {"type": "LoadBalancer", "clusterIP": "10.96.0.1", "ports": [
          {"port": 80, "protocol": "TCP", "nodePort": 30080}, {"port": 81, "protocol": "TCP"}]},
      "status": {"loadBalancer": {"ingress": [{"hostname": "lb.example.com"},
                                              {"ip": "192.0.2.1"}]}}})"),
                                          "box");
  EXPECT_EQ(known.cluster_ip, "10.96.0.1");
  EXPECT_THAT(known.node_ports, ElementsAre(30080, 0));
  EXPECT_EQ(known.balancer_name, "lb.example.com");
  EXPECT_EQ(known.balancer_ip, "192.0.2.1");
}

TEST(EndpointPorts, LeadToNumbersAndThoseThatLeadNowhereAreLeftOutAndTold) {
  const Reach reach = reach_of(R"({"ports": [
      {"name": "a", "port": 1, "targetPort": 81}, {"name": "b", "port": 2, "targetPort": "http"},
      {"name": "c", "port": 3, "targetPort": "http", "protocol": "UDP"},
      {"name": "d", "port": 4, "targetPort": "dns", "protocol": "UDP"}]})");
  const Service service = *own_service(reach);
  EXPECT_THAT(endpoint_ports(service, reach),
              ElementsAre(Port{"a", 81, "TCP"}, Port{"b", 8080, "TCP"}, Port{"d", 53, "UDP"}));
  EXPECT_THAT(dead_ports(service, reach),
              ElementsAre("port 3: no container has a UDP port named \"http\""));
}

}  // namespace
}  // namespace sandboxlet::network
