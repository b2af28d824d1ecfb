#include "api/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandboxlet::api {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kManifest[] = R"({
  "apiVersion": "agents.x-k8s.io/v1beta1",
  "kind": "Sandbox",
  "metadata": {"name": "a", "namespace": "team", "labels": {"app": "x"}},
  "spec": {
    "pause": false,
    "podTemplate": {"spec": {"containers": [
      {"name": "c", "image": "busybox", "securityContext": {"runAsUser": 0}}]}},
    "networking": {"service": {"ports": [
      {"port": 80, "targetPort": "http"}, {"port": 81, "targetPort": 8081}]}}}})";

auto path_is(const char* path) { return Field(&Finding::path, path); }

TEST(ReadSandbox, ReadsEveryKindOfField) {
  auto [sandbox, findings] = read_sandbox(kManifest);
  ASSERT_THAT(findings, IsEmpty());
  EXPECT_EQ(sandbox.metadata.namespace_, "team");
  EXPECT_EQ(sandbox.metadata.labels.at("app"), "x");
  EXPECT_EQ(sandbox.spec.pause, false);
  EXPECT_EQ(sandbox.spec.podTemplate.spec.containers.at(0).securityContext->runAsUser, 0);
  const auto& ports = sandbox.spec.networking->service->ports;
  EXPECT_EQ(ports.at(0).targetPort->name, "http");
  EXPECT_EQ(ports.at(1).targetPort->number, 8081);
}

TEST(ReadSandbox, WhatIsWrittenReadsBackEqual) {
  const Sandbox sandbox = read_sandbox(kManifest).sandbox;
  auto again = read_sandbox(write_sandbox(sandbox));
  EXPECT_THAT(again.findings, IsEmpty());
  EXPECT_EQ(again.sandbox, sandbox);
}

TEST(WriteSandbox, LeavesOutWhatIsEmptyAndKeepsAnExplicitZero) {
  Sandbox sandbox;
  sandbox.metadata.name = "a";
  sandbox.spec.pause = false;
  EXPECT_EQ(write_sandbox(sandbox), R"({"metadata":{"name":"a"},"spec":{"pause":false}})");
}

TEST(ReadSandbox, ReportsAFieldItDoesNotHaveByPath) {
  auto read = read_sandbox(
      R"({"spec":{"podTemplate":{"spec":{"containers":[{"livenessProbe":{"a":1}}]}}}})");
  EXPECT_THAT(read.findings,
              ElementsAre(path_is("spec.podTemplate.spec.containers[0].livenessProbe")));
}

TEST(ReadSandbox, AcceptsAFieldOfKubernetesThatAsksForNothing) {
  auto read = read_sandbox(
      R"({"metadata":{"managedFields":[{}]},"status":{"serviceFQDN":"a"},
          "spec":{"podTemplate":{"spec":{"hostNetwork":false,"initContainers":[]}}}})");
  EXPECT_THAT(read.findings, IsEmpty());
}

TEST(ReadSandbox, ReportsAFieldThatNobodyKnows) {
  auto read = read_sandbox(R"({"spec":{"operatingmode":null}})");
  EXPECT_THAT(read.findings,
              ElementsAre(Finding{"spec.operatingmode", "unknown field \"operatingmode\""}));
}

TEST(ReadSandbox, TakesQuantitiesAsNumbers) {
  auto [sandbox, findings] = read_sandbox(
      R"({"spec":{"podTemplate":{"spec":{
            "volumes":[{"emptyDir":{"sizeLimit":1048576}},
                       {"persistentVolumeClaim":{"claimName":"mine","readOnly":true}}],
            "containers":[{"resources":{"limits":{"cpu":1.5,"memory":"1Gi"}}}]}}}})");
  EXPECT_THAT(findings, IsEmpty());
  const PodSpec& pod = sandbox.spec.podTemplate.spec;
  EXPECT_EQ(pod.containers.at(0).resources.limits.at("cpu"), "1.5");
  EXPECT_EQ(pod.containers.at(0).resources.limits.at("memory"), "1Gi");
  EXPECT_EQ(pod.volumes.at(0).emptyDir->sizeLimit, "1048576");
  EXPECT_EQ(pod.volumes.at(1).persistentVolumeClaim->claimName, "mine");
  EXPECT_TRUE(*pod.volumes.at(1).persistentVolumeClaim->readOnly);
  EXPECT_EQ(read_sandbox(write_sandbox(sandbox)).sandbox, sandbox);
}

TEST(ReadSandbox, ALabelIsNoNumber) {
  auto read = read_sandbox(R"({"metadata":{"labels":{"a":1}}})");
  EXPECT_THAT(read.findings,
              ElementsAre(Finding{"metadata.labels[a]",
                                  "Invalid value: \"number\": must be of type string"}));
}

TEST(ReadSandbox, ReportsAWrongTypeByPath) {
  auto read = read_sandbox(R"({"metadata":{"generation":"1"},"spec":{"pause":"on"}})");
  EXPECT_THAT(read.findings, ElementsAre(path_is("metadata.generation"), path_is("spec.pause")));
}

TEST(ReadSandbox, ReportsANumberOutOfRange) {
  auto read = read_sandbox(R"({"metadata":{"generation":9223372036854775808}})");
  EXPECT_THAT(read.findings, ElementsAre(path_is("metadata.generation")));
}

TEST(ReadSandbox, RefusesAKeyThatStandsTwice) {
  auto read = read_sandbox(R"({"kind":"Sandbox","kind":"Pod"})");
  EXPECT_THAT(read.findings, ElementsAre(path_is("kind")));
  read = read_sandbox(R"({"a":[[1,2],{"b":1},{"c":[{}],"d":1,"d":2}],"a":1})");
  EXPECT_THAT(read.findings, ElementsAre(path_is("a[2].d"), path_is("a")));
}

TEST(ReadSandbox, RefusesWhatIsNotJson) {
  for (const char* text : {"", "{", "[1,", "\xff", "{\"kind\":\"\xff\"}"}) {
    EXPECT_THAT(read_sandbox(text).findings,
                ElementsAre(Field(&Finding::message, HasSubstr("not JSON"))))
        << text;
  }
}

TEST(ReadSandbox, SaysWhyAndWhereWithoutTheBytes) {
  const auto findings = read_sandbox("{\"kind\":\"secret\xff\"}").findings;
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].message,
            "Invalid value: not JSON: parse error at line 1, column 16: syntax error while parsing "
            "value - invalid string: ill-formed UTF-8 byte");
}

TEST(ReadSandbox, RefusesHostileDepthAndSize) {
  EXPECT_THAT(read_sandbox(std::string(100'000, '[')).findings, testing::SizeIs(1));
  EXPECT_THAT(read_sandbox(std::string(kMaxObjectBytes + 1, ' ')).findings,
              ElementsAre(Field(&Finding::message, HasSubstr("Too long"))));
}

}  // namespace
}  // namespace sandboxlet::api
