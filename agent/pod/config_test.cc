#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "agent/pod/container_config.h"
#include "agent/pod/labels.h"
#include "agent/pod/pod_sandbox_config.h"
#include "api/json.h"

namespace sandboxlet::agent {
namespace {

constexpr char kFull[] = R"json({
  "apiVersion": "agents.x-k8s.io/v1beta1", "kind": "Sandbox",
  "metadata": {"name": "dev", "namespace": "team", "uid": "uid-1"},
  "spec": {"podTemplate": {
    "metadata": {"labels": {"app": "dev"}, "annotations": {"note": "kept"}},
    "spec": {
      "restartPolicy": "Always", "terminationGracePeriodSeconds": 7,
      "securityContext": {"runAsUser": 1000, "runAsGroup": 1000},
      "volumes": [{"name": "cache", "emptyDir": {}}],
      "containers": [
        {"name": "main", "image": "example/main:1",
         "command": ["/bin/$(TOOL)", "$$(TOOL)"], "args": ["--in=$(HOME_DIR)", "$(NONE)"],
         "workingDir": "/work",
         "env": [{"name": "TOOL", "value": "sh"}, {"name": "HOME_DIR", "value": "/home/$(TOOL)"},
                 {"name": "LATE", "value": "$(LATER)"}, {"name": "LATER", "value": "x"}],
         "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"},
                   {"containerPort": 53, "hostPort": 5353, "protocol": "UDP"}],
         "resources": {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"cpu": "1"}},
         "volumeMounts": [{"name": "cache", "mountPath": "cache"},
                          {"name": "home", "mountPath": "/home/sh", "readOnly": true}],
         "securityContext": {"runAsUser": 0, "readOnlyRootFilesystem": true,
                             "allowPrivilegeEscalation": false,
                             "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]}},
         "tty": true, "stdin": true
}]
}
}
}
})json";

api::Sandbox sandbox(const std::string& json = kFull) {
  auto read = api::read_sandbox(json);
  EXPECT_TRUE(read.findings.empty()) << read.findings.front().path;
  return read.sandbox;
}

PodSandboxContext pod_context() {
  PodSandboxContext context;
  context.attempt = 2;
  context.cgroup_parent = "/sandboxlet/uid-1";
  context.managed_by = "/sandboxlet";
  context.log_directory = "/logs/team_dev_uid-1";
  return context;
}

ContainerContext context() {
  ContainerContext made;
  made.attempt = 3;
  made.restart_count = 1;
  made.image.set_id("sha256:abc");
  made.volumes = {{"cache", "/data/cache"}, {"home", "/data/home"}};
  made.managed_by = "/sandboxlet";
  made.node_memory = 4LL << 30;
  return made;
}

v1::ContainerConfig config_of(const api::Sandbox& sandbox, const api::Container& container,
                              ContainerContext context) {
  context.expanded = *api::expand(container);
  return container_config(sandbox, container, context);
}

// Holds a message against testdata/<name>, a text proto.
template <class Message>
void expect_golden(const Message& made, const std::string& name) {
  std::ifstream file(std::string(SANDBOXLET_TESTDATA "/") + name);
  std::stringstream text;
  text << file.rdbuf();
  Message wanted;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text.str(), &wanted)) << name;
  google::protobuf::util::MessageDifferencer differencer;
  std::string difference;
  differencer.ReportDifferencesToString(&difference);
  EXPECT_TRUE(differencer.Compare(wanted, made)) << difference << "\n" << made.DebugString();
}

TEST(PodSandboxConfig, IsWhatTheKubeletWouldSend) {
  expect_golden(pod_sandbox_config(sandbox(), pod_context()), "pod_sandbox.txtpb");
}

TEST(PodSandboxConfig, ALongNameIsCutToAHostname) {
  auto named = sandbox();
  named.metadata.name = std::string(61, 'a') + "-.b";
  EXPECT_EQ(pod_hostname(named), std::string(61, 'a'));
  named.spec.podTemplate.spec.hostname = "own";
  EXPECT_EQ(pod_hostname(named), "own");
}

TEST(PodSandboxConfig, UsersCannotTakeOurLabels) {
  auto labelled = sandbox();
  labelled.spec.podTemplate.metadata.labels[kPodUidLabel] = "another";
  const auto config = pod_sandbox_config(labelled, pod_context());
  EXPECT_EQ(config.labels().at(kPodUidLabel), "uid-1");
}

TEST(PodSandboxConfig, IsPrivilegedWhereAContainerIs) {
  auto privileged = sandbox();
  privileged.spec.podTemplate.spec.containers[0].securityContext->privileged = true;
  EXPECT_TRUE(
      pod_sandbox_config(privileged, pod_context()).linux().security_context().privileged());
}

TEST(ContainerConfig, IsWhatTheKubeletWouldSend) {
  const auto full = sandbox();
  expect_golden(config_of(full, full.spec.podTemplate.spec.containers[0], context()),
                "container.txtpb");
}

TEST(ContainerConfig, AClaimThatIsReadOnlyIsSoInEveryMount) {
  auto claimed = sandbox();
  auto& spec = claimed.spec.podTemplate.spec;
  api::PersistentVolumeClaimVolumeSource source{"mine", true};
  spec.volumes.push_back({.name = "home", .persistentVolumeClaim = source});
  spec.containers[0].volumeMounts[1].readOnly.reset();
  const auto is_read_only = [&] {
    return config_of(claimed, spec.containers[0], context()).mounts(1).readonly();
  };
  EXPECT_TRUE(is_read_only());
  // A template of its name comes before it.
  claimed.spec.volumeClaimTemplates.emplace_back().metadata.name = "home";
  EXPECT_FALSE(is_read_only());
}

TEST(PodSandboxConfig, TheLongestNamesMakeADirectoryOfLogs) {
  auto named = sandbox();
  EXPECT_EQ(log_directory_name(named), "team_dev_uid-1");
  named.metadata.namespace_ = std::string(63, 'a');
  named.metadata.name = std::string(253, 'b');
  named.metadata.uid = std::string(36, 'c');
  EXPECT_EQ(log_directory_name(named),
            std::string(63, 'a') + "_" + std::string(154, 'b') + "_" + std::string(36, 'c'));
}

TEST(ContainerConfig, TheImagesUserCountsWhereTheSpecNamesNone) {
  auto plain = sandbox();
  plain.spec.podTemplate.spec.securityContext.reset();
  plain.spec.podTemplate.spec.containers[0].securityContext.reset();
  auto by_number = context();
  by_number.image.mutable_uid()->set_value(65532);
  auto by_name = context();
  by_name.image.set_username("nobody");
  const auto& container = plain.spec.podTemplate.spec.containers[0];
  EXPECT_EQ(config_of(plain, container, by_number).linux().security_context().run_as_user().value(),
            65532);
  EXPECT_EQ(config_of(plain, container, by_name).linux().security_context().run_as_username(),
            "nobody");
}

TEST(ContainerConfig, IsRootWhereNobodyNamesAUser) {
  auto plain = sandbox();
  plain.spec.podTemplate.spec.securityContext.reset();
  auto& container = plain.spec.podTemplate.spec.containers[0];
  container.securityContext.emplace().runAsGroup = 2000;
  const auto config = config_of(plain, container, context());
  EXPECT_TRUE(config.linux().security_context().has_run_as_user());
  EXPECT_EQ(config.linux().security_context().run_as_user().value(), 0);
  EXPECT_EQ(config.linux().security_context().run_as_group().value(), 2000);
}

TEST(ContainerConfig, SeccompIsTheRuntimesDefaultUnlessUnconfinedIsAskedFor) {
  auto asked = sandbox();
  auto& container = asked.spec.podTemplate.spec.containers[0];
  const auto type = [&] {
    return config_of(asked, container, context())
        .linux()
        .security_context()
        .seccomp()
        .profile_type();
  };
  EXPECT_EQ(type(), v1::SecurityProfile::RuntimeDefault);
  asked.spec.podTemplate.spec.securityContext->seccompProfile.emplace().type = "Unconfined";
  EXPECT_EQ(type(), v1::SecurityProfile::Unconfined);
  container.securityContext->seccompProfile.emplace().type = "RuntimeDefault";
  EXPECT_EQ(type(), v1::SecurityProfile::RuntimeDefault);
}

}  // namespace
}  // namespace sandboxlet::agent
