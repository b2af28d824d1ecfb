#include "api/admit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/json.h"
#include "api/manifest.h"
#include "api/testing/sandboxes.h"

namespace sandboxlet::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> findings_of(std::string_view json) {
  return to_strings(admit(json).findings);
}

std::string with_spec(const std::string& spec) {
  return R"({"apiVersion":"agents.x-k8s.io/v1beta1","kind":"Sandbox","metadata":{"name":"a"},
             "spec":)" +
         spec + "}";
}

TEST(Admit, SetsTheDefaultsOfWhatItTakes) {
  const auto [sandbox, findings] = admit(
      with_spec(R"({"podTemplate":{"spec":{"containers":[{"name":"c","image":"busybox"}]}}})"));
  EXPECT_THAT(findings, IsEmpty());
  EXPECT_EQ(sandbox.metadata.namespace_, "default");
  EXPECT_EQ(sandbox.spec.podTemplate.spec.containers.at(0).imagePullPolicy, "Always");
}

TEST(Admit, TakesWhatItHasWrittenItself) {
  const auto first = admit(write_sandbox(valid_sandbox()));
  EXPECT_THAT(first.findings, IsEmpty());
  const auto second = admit(write_sandbox(first.sandbox));
  EXPECT_THAT(second.findings, IsEmpty());
  EXPECT_EQ(second.sandbox, first.sandbox);
}

// As `kubectl get -o yaml` shows one that upstream runs, with every default that the API server
// and kubectl write out.
constexpr char kFromACluster[] = R"(
apiVersion: agents.x-k8s.io/v1beta1
kind: Sandbox
metadata:
  annotations: {kubectl.kubernetes.io/last-applied-configuration: "{}"}
  creationTimestamp: "2026-01-02T03:04:05Z"
  generation: 2
  managedFields: [{apiVersion: agents.x-k8s.io/v1beta1, operation: Apply}]
  name: dev
  namespace: team
  resourceVersion: "4711"
  uid: 1f6cbbd4-3f0c-4a55-8dd5-a0a5c1b2c3d4
spec:
  operatingMode: Running
  podTemplate:
    metadata: {creationTimestamp: null, labels: {app: dev}}
    spec:
      automountServiceAccountToken: false
      containers:
      - image: example.com/dev:1
        imagePullPolicy: IfNotPresent
        name: main
        ports: [{containerPort: 8080, name: http, protocol: TCP}]
        resources: {limits: {cpu: 2, memory: 1Gi}, requests: {cpu: 0.5}}
        securityContext: {}
        terminationMessagePath: /dev/termination-log
        terminationMessagePolicy: File
        volumeMounts: [{mountPath: /home, name: home}]
      dnsPolicy: ClusterFirst
      enableServiceLinks: true
      restartPolicy: Always
      schedulerName: default-scheduler
      securityContext: {}
      serviceAccountName: default
      terminationGracePeriodSeconds: 30
  shutdownPolicy: Retain
  volumeClaimTemplates:
  - metadata: {creationTimestamp: null, name: home}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 5Gi}}, volumeMode: Filesystem}
    status: {}
status:
  conditions: [{type: Ready, status: "True", reason: DependenciesReady, message: x,
                lastTransitionTime: "2026-01-02T03:04:05Z", observedGeneration: 2}]
  nodeName: node-1
  podIPs: [10.0.0.1]
  selector: a=b
  service: dev
  serviceFQDN: dev.team.svc.cluster.local
)";

TEST(Admit, TakesASandboxThatAClusterRuns) {
  const auto manifests = read_manifests(kFromACluster);
  ASSERT_TRUE(manifests.has_value()) << manifests.error().message();
  ASSERT_THAT(*manifests, SizeIs(1));
  EXPECT_THAT(findings_of(manifests->front().json), IsEmpty());
}

TEST(Admit, ReportsReadingAndValidatingTogether) {
  EXPECT_THAT(
      findings_of(with_spec(R"({"pause":"on","paws":1,"operatingMode":"Off","podTemplate":{"spec":{
                    "containers":[{"name":"c","livenessProbe":{"exec":{}}}]}}})")),
      ElementsAre(
          "spec.pause: Invalid value: \"string\": must be of type boolean",
          "spec.paws: unknown field \"paws\"",
          "spec.podTemplate.spec.containers[0].livenessProbe: Unsupported: this agent does not "
          "probe yet",
          "spec.podTemplate.spec.containers[0].image: Required value",
          "spec.operatingMode: Unsupported value: \"Off\": supported values: \"Running\", "
          "\"Suspended\""));
}

TEST(Admit, SaysOfAFieldThatItCouldNotReadNothingMore) {
  EXPECT_THAT(findings_of(with_spec(R"({"podTemplate":{"spec":{"containers":7}}})")),
              ElementsAre("spec.podTemplate.spec.containers: Invalid value: \"number\": must be of "
                          "type array"));
}

TEST(Admit, SaysOfWhatIsNoObjectNothingMore) {
  EXPECT_THAT(findings_of("[]"), ElementsAre("Invalid value: \"array\": must be of type object"));
  EXPECT_THAT(findings_of("{"), ElementsAre(HasSubstr("not JSON")));
  EXPECT_THAT(findings_of(""), SizeIs(1));
}

TEST(Admit, BoundsItsAnswer) {
  std::string containers;
  for (int i = 0; i < 1000; ++i) containers += containers.empty() ? "{}" : ",{}";
  EXPECT_THAT(
      findings_of(with_spec(R"({"podTemplate":{"spec":{"containers":[)" + containers + "]}}}")),
      SizeIs(kMaxFindings));
}

}  // namespace
}  // namespace sandboxlet::api
