#include "scheduler-shim/network/networking_status.h"

#include <gmock/gmock.h>

#include "scheduler-shim/network/testing/reaches.h"

namespace sandboxlet::network {
namespace {

// A Sandbox with its own Service, somewhere in a cluster.
class NetworkingStatusTest : public testing::Test {
 protected:
  NetworkingStatusTest() { spec_["ports"] = Json::parse(R"([{"name": "http", "port": 80}])"); }

  static Json sandbox(const Json& service) {
    return box({{"spec", {{"networking", {{"service", service}}}}}});
  }
  Json told() {
    const Reach reach = read_reach(sandbox(spec_));
    Json object = shown(new_service(*own_service(reach), reach), "s-1", placed_);
    OwnedIndex owned;
    owned.set_service(object);
    return told_of({reach, owned.of("u-1"), refusals_, routes_, domain_})["networking"];
  }

  Json spec_;
  // What the cluster adds to the Service.
  Json placed_ = Json::parse(R"({"spec": {"clusterIP": "10.96.0.1"}})");
  Refusals refusals_;
  std::vector<RouteStatus> routes_;
  const std::string domain_ = "example.internal";
};

TEST_F(NetworkingStatusTest, InsideOfTheClusterTheServiceIsReachedByItsName) {
  EXPECT_EQ(told(), Json::parse(R"({
      "ip": "10.96.0.1", "url": "http://box-service.default.svc.example.internal",
      "ports": [{"name": "http", "port": 80, "protocol": "TCP"}]})"));
}

TEST_F(NetworkingStatusTest, FromOutsideByItsBalancer) {
  placed_["status"]["loadBalancer"]["ingress"] = Json::parse(R"([{"ip": "2001:db8::1"}])");
  EXPECT_EQ(told()["ip"], "2001:db8::1");
  EXPECT_EQ(told()["url"], "http://[2001:db8::1]");
  placed_["status"]["loadBalancer"]["ingress"] = Json::parse(R"([{"hostname": "lb.example.com"}])");
  EXPECT_EQ(told()["ip"], "10.96.0.1");
  EXPECT_EQ(told()["url"], "http://lb.example.com");
}

TEST_F(NetworkingStatusTest, TheUrlIsOfAPortThatIsNamedForIt) {
  spec_["ports"] = Json::parse(R"([{"name": "db", "port": 1}, {"name": "https", "port": 8443}])");
  EXPECT_EQ(told()["url"], "https://box-service.default.svc.example.internal:8443");
  spec_["ports"] = Json::parse(R"([{"name": "db", "port": 80}])");
  EXPECT_FALSE(told().contains("url"));
}

TEST_F(NetworkingStatusTest, ARouteThatIsReadyIsTheWayIn) {
  routes_ = {{"HTTPRoute", "a", false, "not found", ""},
             {"Ingress", "b", true, "", "https://b.example.com"}};
  EXPECT_EQ(told()["url"], "https://b.example.com");
  EXPECT_EQ(told()["routes"], Json::parse(R"([
      {"kind": "HTTPRoute", "name": "a", "ready": false, "message": "not found"},
      {"kind": "Ingress", "name": "b", "ready": true, "url": "https://b.example.com"}])"));
  routes_[1].is_ready = false;
  EXPECT_EQ(told()["url"], "http://box-service.default.svc.example.internal");
}

TEST_F(NetworkingStatusTest, WhatStandsInTheWayIsSaidAltogether) {
  refusals_["Service box"] = "exists";
  spec_["ports"] = Json::parse(R"([{"port": 80, "targetPort": "web"}])");
  EXPECT_EQ(told()["message"],
            "Service box: exists; port 80: no container has a TCP port named \"web\"");
}

TEST(StatusPatch, SaysWhatIsNotSaidAndTakesBackWhatIsNoLongerSo) {
  const Json before{{"service", "box"},
                    {"networking", {{"url", "http://old"}, {"ip", "10.96.0.1"}}}};
  Json sandbox = box({{"status", before}});
  const Refusals refusals{{"Service box", "exists"}};
  const Owned nothing;
  const std::string domain = "cluster.local";
  const std::vector<RouteStatus> no_routes;
  const Reach reach = read_reach(sandbox);
  const Json patch = status_patch({reach, nothing, refusals, no_routes, domain});
  EXPECT_EQ(patch["metadata"], (Json{{"uid", "u-1"}, {"resourceVersion", "7"}}));
  const Json conditions = sandbox["status"]["conditions"];
  sandbox["status"].merge_patch(patch["status"]);
  EXPECT_EQ(sandbox["status"]["networking"], (Json{{"message", "Service box: exists"}}));
  EXPECT_FALSE(sandbox["status"].contains("service"));
  EXPECT_EQ(sandbox["status"]["conditions"], conditions);
  const Reach after = read_reach(sandbox);
  EXPECT_TRUE(status_patch({after, nothing, refusals, no_routes, domain}).is_null());
}

}  // namespace
}  // namespace sandboxlet::network
