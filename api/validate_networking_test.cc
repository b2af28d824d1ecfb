#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/defaults.h"
#include "api/testing/sandboxes.h"

namespace sandboxlet::api {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

std::vector<std::string> service_faults(ServiceSpec service) {
  return faults_after([&](Sandbox& s) {
    s.spec.networking.emplace().service = std::move(service);
    set_defaults(s);
  });
}

TEST(ValidateNetworking, AServiceHasATypeAndPorts) {
  for (const char* type : {"", "ClusterIP", "NodePort", "LoadBalancer"}) {
    EXPECT_THAT(service_faults({type, {{.port = 80}}}), IsEmpty()) << type;
  }
  EXPECT_THAT(service_faults({"ExternalName", {}}),
              ElementsAre("spec.networking.service.type: Unsupported value: \"ExternalName\": "
                          "supported values: \"ClusterIP\", \"LoadBalancer\", \"NodePort\"",
                          "spec.networking.service.ports: Required value"));
}

TEST(ValidateNetworking, PortsAreInRangeAndUnique) {
  EXPECT_THAT(
      service_faults({"", {{.port = 0, .targetPort = IntOrString{65536, ""}}}}),
      ElementsAre("spec.networking.service.ports[0].port: Invalid value: 0: must be between "
                  "1 and 65535, inclusive",
                  "spec.networking.service.ports[0].targetPort: Invalid value: 65536: must "
                  "be between 1 and 65535, inclusive"));
  EXPECT_THAT(service_faults({"", {{.name = "a", .port = 80}, {.name = "b", .port = 80}}}),
              ElementsAre("spec.networking.service.ports[1]: Duplicate value: \"TCP/80\""));
  EXPECT_THAT(service_faults({"",
                              {{.name = "a", .port = 80, .protocol = "TCP"},
                               {.name = "b", .port = 80, .protocol = "UDP"}}}),
              IsEmpty());
  EXPECT_THAT(service_faults({"", {{.port = 80, .protocol = "HTTP"}}}),
              ElementsAre(StartsWith("spec.networking.service.ports[0].protocol: Unsupported")));
}

TEST(ValidateNetworking, ATargetMayBeAPortsName) {
  EXPECT_THAT(service_faults({"", {{.port = 80, .targetPort = IntOrString{{}, "http"}}}}),
              IsEmpty());
  EXPECT_THAT(service_faults({"", {{.port = 80, .targetPort = IntOrString{{}, "1"}}}}),
              ElementsAre("spec.networking.service.ports[0].targetPort: Invalid value: \"1\": must "
                          "contain at least one letter (a-z)"));
}

TEST(ValidateNetworking, SeveralPortsNeedUniqueNames) {
  EXPECT_THAT(service_faults({"", {{.port = 80}, {.name = "b", .port = 81}}}),
              ElementsAre("spec.networking.service.ports[0].name: Required value"));
  EXPECT_THAT(service_faults({"", {{.name = "b", .port = 80}, {.name = "b", .port = 81}}}),
              ElementsAre("spec.networking.service.ports[1].name: Duplicate value: \"b\""));
}

std::vector<std::string> route_faults(std::vector<RouteRef> routes) {
  return faults_after(
      [&](Sandbox& s) { s.spec.networking.emplace().routeRefs = std::move(routes); });
}

TEST(ValidateNetworking, RoutesAreOfKnownKindsAndTheirGroups) {
  EXPECT_THAT(route_faults({{"gateway.networking.k8s.io", "HTTPRoute", "r"},
                            {"", "TCPRoute", "r"},
                            {"networking.k8s.io", "Ingress", "r"}}),
              IsEmpty());
  EXPECT_THAT(route_faults({{"", "Route", "r"}}),
              ElementsAre("spec.networking.routeRefs[0].kind: Unsupported value: \"Route\": "
                          "supported values: \"HTTPRoute\", \"Ingress\", \"TCPRoute\""));
  EXPECT_THAT(route_faults({{"gateway.networking.k8s.io", "Ingress", "r"}}),
              ElementsAre("spec.networking.routeRefs[0].group: Unsupported value: "
                          "\"gateway.networking.k8s.io\": supported values: "
                          "\"networking.k8s.io\""));
}

TEST(ValidateNetworking, RoutesHaveNamesAndAreNamedOnce) {
  EXPECT_THAT(route_faults({{"", "Ingress", ""}}),
              ElementsAre("spec.networking.routeRefs[0].name: Required value"));
  EXPECT_THAT(route_faults({{"", "Ingress", "r"}, {"", "Ingress", "r"}}),
              ElementsAre("spec.networking.routeRefs[1]: Duplicate value: \"Ingress/r\""));
}

}  // namespace
}  // namespace sandboxlet::api
