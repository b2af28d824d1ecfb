#include "scheduler-shim/network/route.h"

#include <gmock/gmock.h>

namespace sandboxlet::network {
namespace {

// What is said of a route to a Sandbox with the Services box and box-service.
RouteStatus told(const char* kind, const std::string& spec, const std::string& status = "{}") {
  const Json object{{"metadata", {{"name", "way"}, {"namespace", "default"}}},
                    {"spec", Json::parse(spec)},
                    {"status", Json::parse(status)}};
  const Route route = read_route(*find_route_kind(kind), object);
  return route_status({"", kind, "way"}, {"", &route}, {"box", "box-service"});
}

std::string http_url(const std::string& spec) {
  return told("HTTPRoute", R"({"rules": [{"matches": [{"path": {"type": "PathPrefix",
      "value": "/a"}}], "backendRefs": [{"name": "box"}]}], )" +
                               spec + "}")
      .url;
}

constexpr char kToBox[] = R"({"rules": [{"backendRefs": [{"name": "box-service"}]}]})";

TEST(Route, OneThatIsNotThereOrCannotBeReadSaysSo) {
  const api::RouteRef ref{"", "HTTPRoute", "way"};
  EXPECT_EQ(route_status(ref, {}, {}).message, "not found");
  EXPECT_EQ(route_status(ref, {"no such kind", nullptr}, {}).message, "no such kind");
  EXPECT_FALSE(route_status(ref, {}, {}).is_ready);
  EXPECT_EQ(find_route_kind("GRPCRoute"), nullptr);
}

TEST(Route, LeadsToAServiceOfItsOwnNamespaceOnly) {
  const char* const elsewhere[] = {
      R"({})",
      R"({"rules": [{}]})",
      R"({"rules": [{"backendRefs": [{"name": "another"}]}]})",
      R"({"rules": [{"backendRefs": [{"name": "box", "namespace": "other"}]}]})",
      R"({"rules": [{"backendRefs": [{"name": "box", "kind": "Pod"}]}]})",
      R"({"rules": [{"backendRefs": [{"name": "box", "group": "x.io"}]}]})",
  };
  for (const char* const spec : elsewhere) {
    EXPECT_EQ(told("HTTPRoute", spec).message, "leads to no Service of this Sandbox") << spec;
  }
  const char* const here[] = {
      kToBox,
      R"({"rules": [{}, {"backendRefs": [{"name": "other"}, {"name": "box", "kind": "Service",
          "group": "", "namespace": "default"}]}]})",
  };
  for (const char* const spec : here) {
    EXPECT_EQ(told("TCPRoute", spec).message, "not accepted by any Gateway yet") << spec;
  }
}

TEST(Route, IsReadyOnceAParentAcceptsIt) {
  const auto parent = [](const char* name, const char* accepted) {
    return std::string(R"({"parentRef": {"name": ")") + name + R"("}, "conditions": [
        {"type": "ResolvedRefs", "status": "True"},
        {"type": "Accepted", "status": ")" +
           accepted + R"(", "reason": "NoMatch",
         "message": "no listener"}]})";
  };
  const auto told_with = [](const std::string& parents) {
    return told("HTTPRoute", kToBox, R"({"parents": [)" + parents + "]}");
  };
  EXPECT_TRUE(told_with(parent("a", "True")).is_ready);
  EXPECT_EQ(told_with(parent("a", "True")).message, "");
  EXPECT_EQ(told_with(parent("a", "False")).message, "not accepted by a: NoMatch: no listener");
  EXPECT_FALSE(told_with(parent("a", "False")).is_ready);
  EXPECT_TRUE(told_with(parent("a", "False") + "," + parent("b", "True")).is_ready);
}

TEST(Route, ItsUrlIsOfTheFirstNameThatIsOne) {
  EXPECT_EQ(http_url(R"("hostnames": ["*.example.com", "a.example.com"])"),
            "http://a.example.com/a");
  EXPECT_EQ(http_url(R"("hostnames": ["*.example.com"])"), "");
  EXPECT_EQ(http_url(R"("x": 1)"), "");
  EXPECT_EQ(told("TCPRoute", kToBox).url, "");
}

TEST(Route, TlsIsKnownByThePortOrTheListener) {
  const auto url = [](const std::string& parent) {
    return http_url(R"("hostnames": ["a.example.com"], "parentRefs": [{"name": "g", )" + parent +
                    "}]");
  };
  EXPECT_EQ(url(R"("port": 443)"), "https://a.example.com/a");
  EXPECT_EQ(url(R"("sectionName": "https-1")"), "https://a.example.com/a");
  EXPECT_EQ(url(R"("sectionName": "https", "port": 8443)"), "https://a.example.com:8443/a");
  EXPECT_EQ(url(R"("port": 80)"), "http://a.example.com/a");
  EXPECT_EQ(url(R"("port": 8080)"), "http://a.example.com:8080/a");
}

TEST(Route, ARegularExpressionIsNoPath) {
  const auto status = told("HTTPRoute", R"({"hostnames": ["a.example.com"], "rules": [
      {"matches": [{"path": {"type": "RegularExpression", "value": "/.*"}}],
       "backendRefs": [{"name": "box"}]}]})");
  EXPECT_EQ(status.url, "http://a.example.com");
}

TEST(Route, AnIngressIsReadyOnceItHasAnAddress) {
  const std::string spec = R"({"tls": [{"hosts": ["b.example.com"]}], "rules": [
      {"host": "a.example.com", "http": {"paths": [
          {"path": "/", "backend": {"service": {"name": "another"}}}]}},
      {"host": "b.example.com", "http": {"paths": [
          {"path": "/b", "backend": {"service": {"name": "box"}}}]}}]})";
  EXPECT_EQ(told("Ingress", spec).message, "no Ingress controller has given it an address yet");
  const auto ready =
      told("Ingress", spec, R"({"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}})");
  EXPECT_TRUE(ready.is_ready);
  EXPECT_EQ(ready.url, "https://b.example.com/b");
}

TEST(Route, AnIngressMayLeadHereByDefault) {
  const auto status = told("Ingress", R"({"defaultBackend": {"service": {"name": "box"}}})",
                           R"({"loadBalancer": {"ingress": [{}]}})");
  EXPECT_TRUE(status.is_ready);
  EXPECT_EQ(status.url, "");
}

}  // namespace
}  // namespace sandboxlet::network
