#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>

#include "api/admit.h"
#include "api/json.h"
#include "api/manifest.h"
#include "api/testing/mutate.h"
#include "api/testing/sandboxes.h"
#include "api/utf8.h"

namespace sandboxlet::api {
namespace {

// One of every field that there is.
constexpr char kFull[] = R"json({
  "apiVersion": "agents.x-k8s.io/v1beta1", "kind": "Sandbox",
  "metadata": {"name": "dev", "namespace": "team", "labels": {"app": "dev"},
    "annotations": {"example.com/note": "kept"}, "uid": "1f6cbbd4"},
  "spec": {
    "operatingMode": "Running", "pause": false, "service": true,
    "shutdownTime": "2027-01-15T08:00:00Z", "shutdownPolicy": "Delete",
    "suspend": {"depth": "Freeze", "deepest": "Stop", "idleTimeout": "10m", "wakeOnTraffic": true},
    "networking": {"service": {"type": "ClusterIP", "ports": [
        {"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"},
        {"name": "raw", "port": 81, "targetPort": 8081}]},
      "routeRefs": [{"group": "networking.k8s.io", "kind": "Ingress", "name": "web"}]},
    "volumeClaimTemplates": [{"metadata": {"name": "home", "labels": {"a": "b"}},
      "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "fast",
        "resources": {"requests": {"storage": "1Gi"}}, "volumeMode": "Filesystem"}}],
    "podTemplate": {
      "metadata": {"labels": {"app": "dev"}, "annotations": {"note": "kept"}},
      "spec": {
        "restartPolicy": "Always", "terminationGracePeriodSeconds": 5, "hostname": "dev",
        "securityContext": {"runAsUser": 1000, "runAsGroup": 1000,
          "seccompProfile": {"type": "RuntimeDefault"}},
        "volumes": [{"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}},
          {"name": "src", "hostPath": {"path": "/srv", "type": "Directory"}}],
        "containers": [
          {"name": "main", "image": "example.com/main:1", "command": ["/bin/sh", "-c"],
           "args": ["sleep 1d"], "workingDir": "/home", "imagePullPolicy": "IfNotPresent",
           "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)"}],
           "ports": [{"name": "http", "containerPort": 8080, "hostPort": 8080,
             "protocol": "TCP", "hostIP": "127.0.0.1"}],
           "resources": {"limits": {"cpu": 2, "memory": "1Gi"}, "requests": {"cpu": "500m"}},
           "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"},
             {"name": "src", "mountPath": "/src", "readOnly": true},
             {"name": "home", "mountPath": "/home"}],
           "securityContext": {"privileged": false, "runAsUser": 0, "runAsGroup": 0,
             "readOnlyRootFilesystem": true, "allowPrivilegeEscalation": false,
             "capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]},
             "seccompProfile": {"type": "Unconfined"}},
           "stdin": true, "stdinOnce": true, "tty": true},
          {"name": "side", "image": "example.com/side@sha256:0123"}]}}}})json";

constexpr int kRounds = 1000;

// --gtest_random_seed=N runs a round of mutations again.
uint64_t seed_of_this_run() {
  const int asked = testing::GTEST_FLAG(random_seed);
  const uint64_t seed =
      asked != 0 ? static_cast<uint64_t>(asked) : std::random_device{}() % 99'999 + 1;
  std::cout << "seed " << seed << "\n";
  return seed;
}

// Whatever came in, the answer can be sent: bounded, UTF-8, one line a finding.
void expect_sound(const std::vector<Finding>& findings) {
  EXPECT_LE(findings.size(), kMaxFindings);
  for (const Finding& finding : findings) {
    const std::string line = to_string(finding);
    EXPECT_TRUE(is_utf8(line)) << line;
    EXPECT_LT(line.size(), 4096U) << line;
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
  }
}

TEST(Mutations, TheManifestTheyAreMadeOfIsGood) {
  EXPECT_THAT(to_strings(admit(kFull).findings), testing::IsEmpty());
}

TEST(Mutations, AreTheSameForTheSameSeed) {
  std::mt19937_64 first(7);
  std::mt19937_64 second(7);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(mutate(kFull, first), mutate(kFull, second));
}

TEST(Mutations, EachGetsAnAnswerAndWhatIsTakenStaysAsItIs) {
  std::mt19937_64 random(seed_of_this_run());
  int refused = 0;
  for (int i = 0; i < kRounds; ++i) {
    SCOPED_TRACE("mutation " + std::to_string(i));
    const Admitted admitted = admit(mutate(kFull, random));
    expect_sound(admitted.findings);
    refused += admitted.findings.empty() ? 0 : 1;
    if (!admitted.findings.empty()) continue;
    const Admitted again = admit(write_sandbox(admitted.sandbox));
    EXPECT_THAT(to_strings(again.findings), testing::IsEmpty());
    EXPECT_EQ(again.sandbox, admitted.sandbox);
  }
  // Most mutations spoil the manifest: a check that takes everything would show here.
  EXPECT_GT(refused, kRounds / 2);
  EXPECT_LT(refused, kRounds);
}

TEST(Mutations, EachIsReadAsAFileOrRefused) {
  std::mt19937_64 random(seed_of_this_run());
  for (int i = 0; i < kRounds; ++i) {
    SCOPED_TRACE("mutation " + std::to_string(i));
    const auto manifests = read_manifests(mutate(kFull, random));
    if (!manifests) {
      EXPECT_TRUE(is_utf8(manifests.error().message())) << manifests.error().message();
      continue;
    }
    for (const Manifest& one : *manifests) expect_sound(admit(one.json).findings);
  }
}

}  // namespace
}  // namespace sandboxlet::api
