#include "api/validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/defaults.h"
#include "api/testing/sandboxes.h"

namespace sandboxlet::api {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

TEST(Validation, FindsNothingInAValidSandbox) {
  EXPECT_THAT(faults_after([](Sandbox&) {}), IsEmpty());
}

TEST(Validation, AnEmptyObjectLacksEverythingThatIsRequired) {
  Sandbox sandbox;
  set_defaults(sandbox);
  EXPECT_THAT(to_strings(validate(sandbox)),
              ElementsAre("apiVersion: Required value", "kind: Required value",
                          "metadata.name: Required value: name or generateName is required",
                          "spec.podTemplate.spec.containers: Required value"));
}

TEST(Validation, ApiVersionAndKindAreExact) {
  EXPECT_THAT(faults_after([](Sandbox& s) {
                s.apiVersion = "agents.x-k8s.io/v1alpha1";
                s.kind = "Pod";
              }),
              ElementsAre("apiVersion: Unsupported value: \"agents.x-k8s.io/v1alpha1\": supported "
                          "values: \"agents.x-k8s.io/v1beta1\"",
                          "kind: Unsupported value: \"Pod\": supported values: \"Sandbox\""));
}

TEST(Validation, ANameIsASubdomainAndANamespaceALabel) {
  EXPECT_THAT(faults_after([](Sandbox& s) { s.metadata.name = "a.b"; }), IsEmpty());
  EXPECT_THAT(faults_after([](Sandbox& s) { s.metadata.name = "../a"; }),
              ElementsAre(StartsWith("metadata.name: Invalid value: \"../a\": a lowercase RFC")));
  EXPECT_THAT(faults_after([](Sandbox& s) { s.metadata.namespace_ = "a.b"; }),
              ElementsAre("metadata.namespace: Invalid value: \"a.b\": must not contain dots"));
}

TEST(Validation, WithAServiceTheNameMustDoForAServiceToo) {
  const auto numbered = [](Sandbox& s) { s.metadata.name = "1a"; };
  EXPECT_THAT(faults_after(numbered), IsEmpty());
  const auto fault = StartsWith(
      "metadata.name: Invalid value: \"1a\": a Service is to be called this: a DNS-1035 label "
      "must");
  EXPECT_THAT(faults_after([&](Sandbox& s) {
                numbered(s);
                s.spec.service = true;
              }),
              ElementsAre(fault));
  EXPECT_THAT(faults_after([&](Sandbox& s) {
                numbered(s);
                auto& service = s.spec.networking.emplace().service.emplace();
                service = {"ClusterIP", {{.port = 80, .protocol = "TCP"}}};
              }),
              ElementsAre(StartsWith("metadata.name: Invalid value: \"1a\": a Service is to be "
                                     "called this and \"-service\": a DNS-1035 label must")));
}

TEST(Validation, AUidCanBeTheNameOfADirectory) {
  EXPECT_THAT(faults_after([](Sandbox& s) { s.metadata.uid = "0a-B9"; }), IsEmpty());
  EXPECT_THAT(faults_after([](Sandbox& s) { s.metadata.uid = "../x"; }),
              ElementsAre("metadata.uid: Invalid value: \"../x\": must consist of alphanumeric "
                          "characters and '-'"));
  EXPECT_THAT(faults_after([](Sandbox& s) { s.metadata.uid = std::string(129, 'a'); }),
              ElementsAre("metadata.uid: Too long: may not be more than 128 bytes"));
}

TEST(Validation, LabelsAndAnnotationsAreCheckedOnTheObjectAndItsPod) {
  EXPECT_THAT(faults_after([](Sandbox& s) {
                s.metadata.labels = {{"a b", "v"}};
                s.metadata.annotations = {{"/x", "v"}};
                s.metadata.finalizers = {"a/b/c"};
                s.spec.podTemplate.metadata.labels = {{"k", "a b"}};
                s.spec.podTemplate.metadata.annotations = {{"a b", "v"}};
              }),
              ElementsAre(StartsWith("metadata.labels: Invalid value: \"a b\": name part must"),
                          "metadata.annotations: Invalid value: \"/x\": prefix part must be "
                          "non-empty",
                          StartsWith("metadata.finalizers: Invalid value: \"a/b/c\": a valid"),
                          StartsWith("spec.podTemplate.metadata.labels: Invalid value: \"a b\": a "
                                     "valid label must be"),
                          StartsWith("spec.podTemplate.metadata.annotations: Invalid value: ")));
}

TEST(Validation, AnnotationKeysMayHaveCapitalsAndAllTogetherABound) {
  EXPECT_THAT(faults_after([](Sandbox& s) {
                s.metadata.annotations = {{"A.com/B", ""}};
              }),
              IsEmpty());
  const auto of_size = [](size_t size) {
    return faults_after([&](Sandbox& s) {
      s.metadata.annotations = {{"k", std::string(size, 'v')}};
    });
  };
  constexpr size_t kMax = size_t{256} * 1024;
  EXPECT_THAT(of_size(kMax - 1), IsEmpty());
  EXPECT_THAT(of_size(kMax),
              ElementsAre("metadata.annotations: Too long: may not be more than 262144 bytes"));
}

TEST(Validation, TimesAreRfc3339) {
  EXPECT_THAT(faults_after([](Sandbox& s) { s.spec.shutdownTime = "2027-01-15T08:00:00+02:00"; }),
              IsEmpty());
  EXPECT_THAT(faults_after([](Sandbox& s) {
                s.spec.shutdownTime = "tomorrow";
                s.metadata.deletionTimestamp = "2027";
              }),
              ElementsAre("metadata.deletionTimestamp: Invalid value: \"2027\": must be an RFC "
                          "3339 time, such as 2026-01-02T03:04:05Z",
                          "spec.shutdownTime: Invalid value: \"tomorrow\": must be an RFC 3339 "
                          "time, such as 2026-01-02T03:04:05Z"));
}

TEST(Validation, PolicyAndModeAreUpstreams) {
  EXPECT_THAT(faults_after([](Sandbox& s) {
                s.spec.shutdownPolicy = "Keep";
                s.spec.operatingMode = "Paused";
              }),
              ElementsAre("spec.shutdownPolicy: Unsupported value: \"Keep\": supported values: "
                          "\"Delete\", \"Retain\"",
                          "spec.operatingMode: Unsupported value: \"Paused\": supported values: "
                          "\"Running\", \"Suspended\""));
}

TEST(Validation, PauseAndOperatingModeMayBothAskForSuspensionOrDisagree) {
  EXPECT_THAT(faults_after([](Sandbox& s) {
                s.spec.pause = true;
                s.spec.operatingMode = "Suspended";
              }),
              IsEmpty());
  EXPECT_THAT(faults_after([](Sandbox& s) {
                s.spec.pause = false;
                s.spec.operatingMode = "Suspended";
              }),
              IsEmpty());
}

std::vector<std::string> suspend_faults(SuspendSpec suspend) {
  return faults_after([&](Sandbox& s) {
    s.spec.suspend = std::move(suspend);
    set_defaults(s);
  });
}

TEST(Validation, EveryDepthIsKnownAndTheDeepestIsNotShallower) {
  for (const char* depth : {"Freeze", "Hibernate", "Stop", "Terminate"}) {
    EXPECT_THAT(suspend_faults({.depth = depth}), IsEmpty()) << depth;
    EXPECT_THAT(suspend_faults({.depth = depth, .deepest = depth}), IsEmpty()) << depth;
  }
  EXPECT_THAT(suspend_faults({.depth = "Stop", .deepest = "Freeze"}),
              ElementsAre("spec.suspend.deepest: Invalid value: \"Freeze\": must not be shallower "
                          "than depth Stop"));
  EXPECT_THAT(suspend_faults({.depth = "Running", .deepest = "freeze"}),
              ElementsAre("spec.suspend.depth: Unsupported value: \"Running\": supported values: "
                          "\"Freeze\", \"Hibernate\", \"Stop\", \"Terminate\"",
                          "spec.suspend.deepest: Unsupported value: \"freeze\": supported values: "
                          "\"Freeze\", \"Hibernate\", \"Stop\", \"Terminate\""));
}

TEST(Validation, AnIdleTimeoutIsAPositiveDuration) {
  EXPECT_THAT(suspend_faults({.idleTimeout = "1h30m"}), IsEmpty());
  EXPECT_THAT(suspend_faults({.idleTimeout = "10"}),
              ElementsAre("spec.suspend.idleTimeout: Invalid value: \"10\": must be a duration, "
                          "such as 90s or 1h30m"));
  for (const char* none : {"0s", "-1m"}) {
    EXPECT_THAT(suspend_faults({.idleTimeout = none}),
                ElementsAre(StartsWith("spec.suspend.idleTimeout: Invalid value: ")))
        << none;
  }
}

TEST(ValidateUpdate, ClaimTemplatesStayAsTheyAre) {
  Sandbox before = valid_sandbox();
  before.spec.volumeClaimTemplates.emplace_back().metadata.name = "home";
  Sandbox after = before;
  after.spec.pause = true;
  EXPECT_THAT(validate_update(before, after), IsEmpty());
  after.spec.volumeClaimTemplates[0].metadata.name = "work";
  EXPECT_THAT(to_strings(validate_update(before, after)),
              ElementsAre("spec: Invalid value: volumeClaimTemplates is immutable"));
  after.spec.volumeClaimTemplates.clear();
  EXPECT_THAT(to_strings(validate_update(before, after)),
              ElementsAre("spec: Invalid value: volumeClaimTemplates is immutable"));
}

TEST(Standalone, RefusesWhatNeedsAClusterByPath) {
  Sandbox sandbox = valid_sandbox();
  EXPECT_THAT(refuse_standalone(sandbox), IsEmpty());
  sandbox.spec.service = true;
  NetworkingSpec& networking = sandbox.spec.networking.emplace();
  EXPECT_THAT(to_strings(refuse_standalone(sandbox)),
              ElementsAre("spec.service: Unsupported: there are no Services without a cluster"));
  networking.service.emplace();
  networking.routeRefs = {{"", "Ingress", "r"}};
  sandbox.spec.service = false;
  EXPECT_THAT(
      to_strings(refuse_standalone(sandbox)),
      ElementsAre("spec.networking.service: Unsupported: there are no Services without a cluster",
                  "spec.networking.routeRefs: Unsupported: there are no routes without a cluster"));
  sandbox.spec.networking.reset();
  sandbox.spec.podTemplate.spec.tolerations = {{"", "Exists"}};
  EXPECT_THAT(to_strings(refuse_standalone(sandbox)),
              ElementsAre("spec.podTemplate.spec.tolerations: Unsupported: there are no taints "
                          "without a cluster"));
}

TEST(Standalone, RefusesClaimsByPathButForThoseThatATemplateOverrides) {
  Sandbox sandbox = valid_sandbox();
  auto& volumes = sandbox.spec.podTemplate.spec.volumes;
  volumes = {{.name = "cache", .emptyDir = EmptyDirVolumeSource()},
             {.name = "data", .persistentVolumeClaim = PersistentVolumeClaimVolumeSource{"mine"}}};
  EXPECT_THAT(to_strings(refuse_standalone(sandbox)),
              ElementsAre("spec.podTemplate.spec.volumes[1].persistentVolumeClaim: Unsupported: "
                          "there are no PersistentVolumeClaims without a cluster"));
  sandbox.spec.volumeClaimTemplates.emplace_back().metadata.name = "data";
  EXPECT_THAT(refuse_standalone(sandbox), IsEmpty());
}

TEST(Standalone, RefusesPullSecretsByPath) {
  Sandbox sandbox = valid_sandbox();
  sandbox.spec.podTemplate.spec.imagePullSecrets = {{"registry"}};
  EXPECT_THAT(to_strings(refuse_standalone(sandbox)),
              ElementsAre("spec.podTemplate.spec.imagePullSecrets: Unsupported: there are no "
                          "Secrets without a cluster"));
}

TEST(Standalone, TakesEveryDepthAndIdleness) {
  Sandbox sandbox = valid_sandbox();
  sandbox.spec.suspend = {"Hibernate", "Terminate", "10m", true};
  EXPECT_THAT(refuse_standalone(sandbox), IsEmpty());
}

}  // namespace
}  // namespace sandboxlet::api
