#include "api/defaults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace sandboxlet::api {
namespace {

using testing::ElementsAre;
using testing::Pair;

Sandbox one_container() {
  Sandbox sandbox;
  sandbox.spec.podTemplate.spec.containers = {{.name = "c", .image = "busybox:1"}};
  return sandbox;
}

TEST(Defaults, AreThoseOfKubernetesAndUpstream) {
  Sandbox sandbox = one_container();
  set_defaults(sandbox);
  EXPECT_EQ(sandbox.metadata.namespace_, "default");
  EXPECT_EQ(sandbox.spec.operatingMode, "Running");
  EXPECT_EQ(sandbox.spec.shutdownPolicy, "Retain");
  EXPECT_EQ(sandbox.spec.podTemplate.spec.restartPolicy, "Always");
  EXPECT_EQ(sandbox.spec.podTemplate.spec.terminationGracePeriodSeconds, 30);
  EXPECT_FALSE(sandbox.spec.suspend.has_value());
}

TEST(Defaults, LeaveWhatIsGiven) {
  Sandbox sandbox = one_container();
  sandbox.metadata.namespace_ = "team";
  sandbox.spec.operatingMode = "Suspended";
  sandbox.spec.shutdownPolicy = "Delete";
  PodSpec& pod = sandbox.spec.podTemplate.spec;
  pod.restartPolicy = "Never";
  pod.terminationGracePeriodSeconds = 0;
  pod.containers[0].imagePullPolicy = "Never";
  pod.containers[0].ports = {{.containerPort = 53, .protocol = "UDP"}};
  pod.volumes = {{.name = "v", .hostPath = HostPathVolumeSource{"/srv", ""}}};
  Sandbox before = sandbox;
  set_defaults(sandbox);
  EXPECT_EQ(sandbox, before);
}

TEST(Defaults, ChangeNothingTheSecondTime) {
  Sandbox sandbox = one_container();
  sandbox.spec.suspend.emplace();
  sandbox.spec.networking.emplace().service.emplace().ports = {{.port = 80}};
  set_defaults(sandbox);
  Sandbox once = sandbox;
  set_defaults(sandbox);
  EXPECT_EQ(sandbox, once);
}

TEST(Defaults, TakeMissingRequestsFromLimits) {
  Sandbox sandbox = one_container();
  ResourceRequirements& resources = sandbox.spec.podTemplate.spec.containers[0].resources;
  resources.limits = {{"cpu", "1"}, {"memory", "64Mi"}};
  resources.requests = {{"cpu", "500m"}};
  set_defaults(sandbox);
  EXPECT_THAT(resources.requests, ElementsAre(Pair("cpu", "500m"), Pair("memory", "64Mi")));
}

TEST(Defaults, MakeAVolumeWithoutASourceAnEmptyDir) {
  Sandbox sandbox = one_container();
  sandbox.spec.podTemplate.spec.volumes = {{.name = "v"}};
  set_defaults(sandbox);
  EXPECT_EQ(sandbox.spec.podTemplate.spec.volumes[0].emptyDir, EmptyDirVolumeSource());
}

TEST(Defaults, ClaimsAreFileSystemsAndPortsTcp) {
  Sandbox sandbox = one_container();
  sandbox.spec.volumeClaimTemplates.emplace_back();
  sandbox.spec.podTemplate.spec.containers[0].ports = {{.containerPort = 80}};
  set_defaults(sandbox);
  EXPECT_EQ(sandbox.spec.volumeClaimTemplates[0].spec.volumeMode, "Filesystem");
  EXPECT_EQ(sandbox.spec.podTemplate.spec.containers[0].ports[0].protocol, "TCP");
}

TEST(Defaults, SuspendNamesItsDepthsButNotWhetherTrafficWakes) {
  Sandbox sandbox = one_container();
  sandbox.spec.suspend.emplace().idleTimeout = "10m";
  set_defaults(sandbox);
  EXPECT_EQ(sandbox.spec.suspend->depth, "Freeze");
  EXPECT_EQ(sandbox.spec.suspend->deepest, "Terminate");
  EXPECT_FALSE(sandbox.spec.suspend->wakeOnTraffic.has_value());
}

TEST(Defaults, AServicePortLeadsToTheContainerPortOfItsNameElseToItsOwnNumber) {
  Sandbox sandbox = one_container();
  sandbox.spec.podTemplate.spec.containers[0].ports = {{.name = "http", .containerPort = 8080}};
  ServiceSpec& service = sandbox.spec.networking.emplace().service.emplace();
  service.ports = {{.name = "http", .port = 80},
                   {.name = "other", .port = 81},
                   {.name = "third", .port = 82, .targetPort = IntOrString{9000, ""}}};
  set_defaults(sandbox);
  EXPECT_EQ(service.type, "ClusterIP");
  EXPECT_EQ(service.ports[0].protocol, "TCP");
  EXPECT_EQ(service.ports[0].targetPort, (IntOrString{std::nullopt, "http"}));
  EXPECT_EQ(service.ports[1].targetPort, (IntOrString{81, ""}));
  EXPECT_EQ(service.ports[2].targetPort, (IntOrString{9000, ""}));
}

// As kubernetes 1.36's own SetDefaults_Container answers.
TEST(Defaults, PullPolicyGoesByTheTag) {
  const std::string digest = "@sha256:" + std::string(64, '0');
  const std::pair<std::string, std::string> table[] = {
      {"x", "Always"},
      {"x:latest", "Always"},
      {"r.example:5000/x", "Always"},
      {"x:latest" + digest, "Always"},
      {"x:1", "IfNotPresent"},
      {"x" + digest, "IfNotPresent"},
      {"x:1" + digest, "IfNotPresent"},
      {"r.example:5000/x:1", "IfNotPresent"},
      {"x:", "IfNotPresent"},
  };
  for (const auto& [image, policy] : table) EXPECT_EQ(default_pull_policy(image), policy) << image;
}

}  // namespace
}  // namespace sandboxlet::api
