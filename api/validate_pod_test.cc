#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/defaults.h"
#include "api/testing/sandboxes.h"

namespace sandboxlet::api {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

// The wording is that of Kubernetes 1.36's own validation of the same pods.

TEST(ValidatePod, HasAContainerAndEachItsOwnName) {
  EXPECT_THAT(pod_faults_after([](PodSpec& pod) { pod.containers.clear(); }),
              ElementsAre("containers: Required value"));
  EXPECT_THAT(pod_faults_after([](PodSpec& pod) { pod.containers.push_back(pod.containers[0]); }),
              ElementsAre("containers[1].name: Duplicate value: \"c\""));
  EXPECT_THAT(container_faults_after([](Container& c) { c.name = ""; }),
              ElementsAre("name: Required value"));
  EXPECT_THAT(container_faults_after([](Container& c) { c.name = "a.b"; }),
              ElementsAre("name: Invalid value: \"a.b\": must not contain dots"));
}

TEST(ValidatePod, AnImageIsNamedWithoutSpaceAroundIt) {
  EXPECT_THAT(container_faults_after([](Container& c) { c.image = ""; }),
              ElementsAre("image: Required value"));
  for (const char* image : {" ", " x", "x ", "\tx", "x\n"}) {
    EXPECT_THAT(container_faults_after([&](Container& c) { c.image = image; }),
                ElementsAre(testing::EndsWith("must not have leading or trailing whitespace")))
        << image;
  }
}

TEST(ValidatePod, PoliciesAreKubernetes) {
  EXPECT_THAT(pod_faults_after([](PodSpec& pod) { pod.restartPolicy = "always"; }),
              ElementsAre("restartPolicy: Unsupported value: \"always\": supported values: "
                          "\"Always\", \"OnFailure\", \"Never\""));
  EXPECT_THAT(pod_faults_after([](PodSpec& pod) { pod.restartPolicy = ""; }),
              ElementsAre("restartPolicy: Required value"));
  EXPECT_THAT(container_faults_after([](Container& c) { c.imagePullPolicy = "Sometimes"; }),
              ElementsAre("imagePullPolicy: Unsupported value: \"Sometimes\": supported values: "
                          "\"Always\", \"IfNotPresent\", \"Never\""));
}

TEST(ValidatePod, GraceIsNotNegativeAndFitsAClock) {
  const auto of = [](std::optional<int64_t> grace) {
    return pod_faults_after([&](PodSpec& pod) { pod.terminationGracePeriodSeconds = grace; });
  };
  EXPECT_THAT(of(0), IsEmpty());
  EXPECT_THAT(of(std::nullopt), ElementsAre("terminationGracePeriodSeconds: Required value"));
  EXPECT_THAT(of(-1), ElementsAre("terminationGracePeriodSeconds: Invalid value: -1: must be "
                                  "between 0 and 2147483647, inclusive"));
  EXPECT_THAT(of(int64_t{1} << 40), SizeIs(1));
}

TEST(ValidatePod, AHostnameIsALabel) {
  EXPECT_THAT(pod_faults_after([](PodSpec& pod) { pod.hostname = "h-1"; }), IsEmpty());
  EXPECT_THAT(pod_faults_after([](PodSpec& pod) { pod.hostname = "a.b"; }),
              ElementsAre("hostname: Invalid value: \"a.b\": must not contain dots"));
}

TEST(ValidatePod, EnvironmentVariablesHaveNames) {
  EXPECT_THAT(container_faults_after([](Container& c) { c.env = {{"1 A", "v"}}; }), IsEmpty());
  EXPECT_THAT(container_faults_after([](Container& c) {
                c.env = {{"", "v"}, {"A=B", "v"}};
              }),
              ElementsAre("env[0].name: Required value",
                          StartsWith("env[1].name: Invalid value: \"A=B\": a valid environment")));
}

TEST(ValidatePod, NoTextOfAProcessHoldsNul) {
  const std::string nul("a\0b", 3);
  EXPECT_THAT(container_faults_after([&](Container& c) {
                c.command = {"sh", nul};
                c.args = {nul};
                c.workingDir = nul;
                c.env = {{"A", nul}};
              }),
              ElementsAre("command[1]: Invalid value: \"a\\x00b\": must not contain NUL",
                          "args[0]: Invalid value: \"a\\x00b\": must not contain NUL",
                          "workingDir: Invalid value: \"a\\x00b\": must not contain NUL",
                          "env[0].value: Invalid value: \"a\\x00b\": must not contain NUL"));
}

std::vector<std::string> port_faults(std::vector<ContainerPort> ports) {
  for (ContainerPort& port : ports) {
    if (port.protocol.empty()) port.protocol = "TCP";
  }
  return container_faults_after([&](Container& c) { c.ports = std::move(ports); });
}

TEST(ValidatePod, PortsAreInRange) {
  EXPECT_THAT(port_faults({{.hostPort = 0, .containerPort = 65535}}), IsEmpty());
  EXPECT_THAT(port_faults({{.containerPort = 0}}),
              ElementsAre("ports[0].containerPort: Required value"));
  EXPECT_THAT(port_faults({{.hostPort = -1, .containerPort = 65536}}),
              ElementsAre("ports[0].containerPort: Invalid value: 65536: must be between 1 and "
                          "65535, inclusive",
                          "ports[0].hostPort: Invalid value: -1: must be between 1 and 65535, "
                          "inclusive"));
  EXPECT_THAT(port_faults({{.containerPort = 80, .protocol = "tcp"}}),
              ElementsAre("ports[0].protocol: Unsupported value: \"tcp\": supported values: "
                          "\"SCTP\", \"TCP\", \"UDP\""));
}

TEST(ValidatePod, PortNamesAreUniqueInAContainer) {
  EXPECT_THAT(port_faults({{.containerPort = 80}, {.containerPort = 80}}), IsEmpty());
  EXPECT_THAT(port_faults({{.name = "a", .containerPort = 80}, {.name = "a", .containerPort = 81}}),
              ElementsAre("ports[1].name: Duplicate value: \"a\""));
  EXPECT_THAT(port_faults({{.name = "1", .containerPort = 80}}),
              ElementsAre("ports[0].name: Invalid value: \"1\": must contain at least one letter "
                          "(a-z)"));
}

TEST(ValidatePod, APortOfTheHostIsTakenOnceInThePod) {
  EXPECT_THAT(port_faults({{.hostPort = 80, .containerPort = 80},
                           {.hostPort = 80, .containerPort = 81, .protocol = "UDP"},
                           {.hostPort = 80, .containerPort = 82, .hostIP = "10.0.0.1"}}),
              IsEmpty());
  EXPECT_THAT(
      pod_faults_after([](PodSpec& pod) {
        pod.containers[0].ports = {{.hostPort = 80, .containerPort = 80, .protocol = "TCP"}};
        pod.containers.push_back(pod.containers[0]);
        pod.containers[1].name = "d";
      }),
      ElementsAre("containers[1].ports[0].hostPort: Duplicate value: \"TCP//80\""));
}

TEST(ValidatePod, AHostIpIsAnAddress) {
  EXPECT_THAT(port_faults({{.containerPort = 80, .hostIP = "::1"}}), IsEmpty());
  EXPECT_THAT(port_faults({{.containerPort = 80, .hostIP = "10.0.0"}}),
              ElementsAre("ports[0].hostIP: Invalid value: \"10.0.0\": must be a valid IP address, "
                          "(e.g. 10.9.8.7 or 2001:db8::ffff)"));
}

std::vector<std::string> resource_faults(ResourceList limits, ResourceList requests) {
  return faults_after([&](Sandbox& s) {
    auto& resources = s.spec.podTemplate.spec.containers[0].resources;
    resources = {std::move(limits), std::move(requests)};
    set_defaults(s);
  });
}

constexpr char kResources[] = "spec.podTemplate.spec.containers[0].resources.";

TEST(ValidatePod, ResourcesAreNonnegativeQuantities) {
  EXPECT_THAT(resource_faults({{"cpu", "0"}, {"memory", "1.5Gi"}}, {{"cpu", "0"}}), IsEmpty());
  EXPECT_THAT(resource_faults({{"cpu", "x"}}, {}),
              ElementsAre(StartsWith(std::string(kResources) + "limits[cpu]: Invalid value: \"x\": "
                                                               "quantities must match the")));
  EXPECT_THAT(resource_faults({}, {{"cpu", "-0.5"}}),
              ElementsAre(std::string(kResources) + "requests[cpu]: Invalid value: \"-0.5\": must "
                                                    "be greater than or equal to 0"));
}

TEST(ValidatePod, ARequestIsNotAboveItsLimit) {
  EXPECT_THAT(resource_faults({{"cpu", "1"}}, {{"cpu", "1000m"}}), IsEmpty());
  EXPECT_THAT(resource_faults({{"cpu", "1"}}, {{"cpu", "1001m"}}),
              ElementsAre(std::string(kResources) + "requests: Invalid value: \"1001m\": must be "
                                                    "less than or equal to cpu limit of 1"));
}

TEST(ValidatePod, ALimitThatWouldNotHoldIsRefused) {
  EXPECT_THAT(resource_faults({{"ephemeral-storage", "1Gi"}}, {}),
              ElementsAre(std::string(kResources) + "limits[ephemeral-storage]: Unsupported: this "
                                                    "agent does not limit ephemeral storage yet"));
}

TEST(ValidatePod, AResourceThatThisAgentDoesNotHaveIsRefusedOnce) {
  for (const char* name : {"gpu", "example.com/gpu", "hugepages-2Mi", ""}) {
    EXPECT_THAT(
        resource_faults({{name, "1"}}, {}),
        ElementsAre(std::string(kResources) + "limits[" + name + "]: Unsupported value: \"" + name +
                    "\": supported values: \"cpu\", \"ephemeral-storage\", "
                    "\"memory\""));
  }
}

std::vector<std::string> security_faults(SecurityContext context) {
  return container_faults_after([&](Container& c) { c.securityContext = std::move(context); });
}

TEST(ValidatePod, IdsFitThirtyOneBits) {
  EXPECT_THAT(security_faults({.runAsUser = 0, .runAsGroup = 2147483647}), IsEmpty());
  EXPECT_THAT(
      security_faults({.runAsUser = -1, .runAsGroup = 2147483648}),
      ElementsAre("securityContext.runAsUser: Invalid value: -1: must be between 0 and "
                  "2147483647, inclusive",
                  "securityContext.runAsGroup: Invalid value: 2147483648: must be between 0 "
                  "and 2147483647, inclusive"));
  EXPECT_THAT(pod_faults_after([](PodSpec& pod) {
                pod.securityContext = PodSecurityContext{.runAsUser = -1, .runAsGroup = -1};
              }),
              SizeIs(2));
}

TEST(ValidatePod, PrivilegeCannotBeAskedForAndForbidden) {
  EXPECT_THAT(security_faults({.privileged = true, .allowPrivilegeEscalation = true}), IsEmpty());
  EXPECT_THAT(
      security_faults({.privileged = true, .allowPrivilegeEscalation = false}),
      ElementsAre("securityContext: Invalid value: cannot set `allowPrivilegeEscalation` to "
                  "false and `privileged` to true"));
  EXPECT_THAT(
      security_faults(
          {.capabilities = Capabilities{{"CAP_SYS_ADMIN"}, {}}, .allowPrivilegeEscalation = false}),
      ElementsAre("securityContext: Invalid value: cannot set `allowPrivilegeEscalation` to "
                  "false and `capabilities.Add` CAP_SYS_ADMIN"));
}

TEST(ValidatePod, CapabilitiesAreNames) {
  EXPECT_THAT(security_faults({.capabilities = Capabilities{{"NET_ADMIN"}, {"all"}}}), IsEmpty());
  EXPECT_THAT(security_faults({.capabilities = Capabilities{{"NET ADMIN"}, {""}}}),
              ElementsAre("securityContext.capabilities.add[0]: Invalid value: \"NET ADMIN\": must "
                          "be a capability's name, such as NET_ADMIN",
                          "securityContext.capabilities.drop[0]: Invalid value: \"\": must be a "
                          "capability's name, such as NET_ADMIN"));
}

TEST(ValidatePod, SeccompIsTheRuntimesOrNone) {
  EXPECT_THAT(security_faults({.seccompProfile = SeccompProfile{"RuntimeDefault"}}), IsEmpty());
  EXPECT_THAT(security_faults({.seccompProfile = SeccompProfile{""}}),
              ElementsAre("securityContext.seccompProfile.type: Required value: type is required "
                          "when seccompProfile is set"));
  EXPECT_THAT(security_faults({.seccompProfile = SeccompProfile{"Localhost"}}),
              ElementsAre("securityContext.seccompProfile.type: Unsupported value: \"Localhost\": "
                          "supported values: \"RuntimeDefault\", \"Unconfined\""));
  EXPECT_THAT(pod_faults_after([](PodSpec& pod) {
                pod.securityContext = PodSecurityContext{.seccompProfile = SeccompProfile{"X"}};
              }),
              ElementsAre(StartsWith("securityContext.seccompProfile.type: Unsupported value")));
}

}  // namespace
}  // namespace sandboxlet::api
