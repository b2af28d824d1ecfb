#include "api/known_fields.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sandboxlet::api {
namespace {

constexpr char kPod[] = "spec.podTemplate.spec";
constexpr char kContainer[] = "spec.podTemplate.spec.containers[12]";

std::string said(const std::string& parent, std::string_view name, const char* json) {
  return refuse_field(parent, name, nlohmann::json::parse(json)).value_or("nothing");
}

TEST(KnownFields, OfKubernetesAreRefusedByWhatTheyWouldDo) {
  EXPECT_EQ(said(kPod, "initContainers", R"([{"name":"i"}])"),
            "Unsupported: this agent does not run init containers yet");
  EXPECT_EQ(said(kContainer, "livenessProbe", R"({"exec":{}})"),
            "Unsupported: this agent does not probe yet");
  EXPECT_EQ(said("spec.podTemplate.spec.containers[0].env[3]", "valueFrom", "{}"),
            "Unsupported: this agent does not take variables from objects yet");
}

TEST(KnownFields, NobodyKnowsAreUnknownWhateverTheirValue) {
  EXPECT_EQ(said("", "specs", "null"), "unknown field \"specs\"");
  EXPECT_EQ(said("spec", "paused", "false"), "unknown field \"paused\"");
  EXPECT_EQ(said(kPod, "livenessProbe", "null"), "unknown field \"livenessProbe\"");
}

TEST(KnownFields, KubernetesDefaultsAskForNothing) {
  const std::tuple<const char*, const char*, const char*> defaults[] = {
      {kPod, "dnsPolicy", R"("ClusterFirst")"},
      {kPod, "schedulerName", R"("default-scheduler")"},
      {kPod, "enableServiceLinks", "true"},
      {kPod, "enableServiceLinks", "false"},
      {kPod, "automountServiceAccountToken", "false"},
      {kPod, "serviceAccountName", R"("default")"},
      {kPod, "priority", "0"},
      {kPod, "os", R"({"name": "linux"})"},
      {kPod, "hostNetwork", "false"},
      {kPod, "hostUsers", "true"},
      {kPod, "affinity", "{}"},
      {kPod, "nodeName", R"("")"},
      {kContainer, "terminationMessagePath", R"("/dev/termination-log")"},
      {kContainer, "terminationMessagePolicy", R"("File")"},
      {kContainer, "livenessProbe", "null"},
      {"spec.podTemplate.metadata", "creationTimestamp", "null"},
      {"spec.volumeClaimTemplates[0].metadata", "creationTimestamp", "null"},
      {"spec.volumeClaimTemplates[0]", "status", "{}"},
      {"spec.podTemplate.spec.containers[0].volumeMounts[0]", "mountPropagation", R"("None")"},
  };
  for (const auto& [parent, name, json] : defaults) {
    EXPECT_EQ(said(parent, name, json), "nothing") << parent << "." << name;
  }
}

TEST(KnownFields, OtherValuesThanTheDefaultAreRefused) {
  const std::tuple<const char*, const char*, const char*> others[] = {
      {kPod, "dnsPolicy", R"("None")"},
      {kPod, "automountServiceAccountToken", "true"},
      {kPod, "priority", "1"},
      {kPod, "activeDeadlineSeconds", "0"},
      {kPod, "hostUsers", "false"},
      {kPod, "os", R"({"name": "windows"})"},
      {kContainer, "terminationMessagePolicy", R"("FallbackToLogsOnError")"},
      {kContainer, "readinessProbe", "{}"},
      {"spec.podTemplate.spec.securityContext", "fsGroup", "0"},
      {"spec.podTemplate.spec.volumes[0]", "configMap", "{}"},
      {"metadata", "generateName", R"("a-")"},
  };
  for (const auto& [parent, name, json] : others) {
    EXPECT_EQ(said(parent, name, json).substr(0, 28), "Unsupported: this agent does") << name;
  }
}

TEST(KnownFields, WhatTheServerOwnsIsPassedOver) {
  EXPECT_EQ(said("metadata", "managedFields", "[{}]"), "nothing");
  EXPECT_EQ(said("status", "serviceFQDN", R"("a.b")"), "nothing");
  EXPECT_EQ(said("status.containers[0]", "x", "1"), "nothing");
}

}  // namespace
}  // namespace sandboxlet::api
