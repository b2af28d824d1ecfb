#include "scheduler-shim/read_pod_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/time.h"
#include "scheduler-shim/testing/objects.h"

namespace sandboxlet::scheduler {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Operator = Requirement::Operator;

class ReadPodInfo : public testing::Test {
 protected:
  PodInfo read(const TestSandbox& sandbox) {
    const auto pod = reader.read(sandbox_json(sandbox));
    EXPECT_TRUE(pod.has_value()) << pod.error().message();
    return pod.value_or(PodInfo());
  }

  std::string failure(const Json& patch) {
    Json object = sandbox_json({"a"});
    object.merge_patch(patch);
    const auto pod = reader.read(object);
    return pod ? "" : pod.error().message();
  }

  Classes classes;
  PodReader reader{classes};
};

TEST_F(ReadPodInfo, ReadsWhoItIsAndHowItIs) {
  const auto pod = read({"a", Json::object(), {{"app", "dev"}}, "team", json(R"({
      "metadata": {"resourceVersion": "7", "creationTimestamp": "2026-01-02T03:04:05Z",
                   "annotations": {"sandboxlet.io/state-node": "n1", "other": "x"}},
      "status": {"nodeName": "n2"}})")});
  EXPECT_EQ(pod.uid, "uid-a");
  EXPECT_EQ(pod.name, "a");
  EXPECT_EQ(pod.resource_version, "7");
  EXPECT_EQ(pod.created, *api::parse_time("2026-01-02T03:04:05Z"));
  EXPECT_EQ(pod.identity->namespace_, "team");
  EXPECT_EQ(*pod.identity->labels.find("app"), "dev");
  EXPECT_EQ(pod.state_node, "n1");
  EXPECT_EQ(pod.node_name, "n2");
  EXPECT_FALSE(pod.deleting);
}

TEST_F(ReadPodInfo, SandboxesOfOneTemplateShareIt) {
  const auto first = read({"a", json(R"({"containers": [{"env": [{"name": "A"}]}]})")});
  const auto second = read({"b", json(R"({"containers": [{"env": [{"name": "B"}]}]})")});
  EXPECT_EQ(first.spec, second.spec);
  EXPECT_EQ(first.identity, second.identity);
  EXPECT_NE(read({"c", json(R"({"nodeName": "n"})")}).spec, first.spec);
}

TEST_F(ReadPodInfo, WhatItDoesNotKnowIsNotItsMatter) {
  EXPECT_EQ(failure(json(R"({"spec": {"future": 1, "podTemplate": {"spec": {"future": [1]}}}})")),
            "");
}

TEST_F(ReadPodInfo, AbsentAndNullAreTheSame) {
  EXPECT_EQ(failure(json(R"({"status": {"nodeName": null, "conditions": null}})")), "");
}

struct Case {
  const char* what;
  const char* patch;
  bool needs;
};

TEST_F(ReadPodInfo, OnlyWhatIsToRunNeedsANode) {
  for (const auto& [what, patch, needs] : std::initializer_list<Case>{
           {"a new one", "{}", true},
           {"bound", R"({"status": {"nodeName": "n"}})", false},
           {"created suspended", R"({"spec": {"operatingMode": "Suspended"}})", false},
           {"created paused", R"({"spec": {"pause": true}})", false},
           {"being deleted", R"({"metadata": {"deletionTimestamp": "2026-01-02T03:04:05Z"}})",
            false},
           {"finished", R"({"status": {"conditions": [{"type": "Finished", "status": "True"}]}})",
            false},
           {"expired",
            R"({"status": {"conditions": [
                {"type": "Ready", "status": "False", "reason": "SandboxExpired"}]}})",
            false},
           {"not ready yet",
            R"({"status": {"conditions": [{"type": "Ready", "status": "False"}]}})", true},
       }) {
    EXPECT_EQ(read({"a", Json::object(), {}, "default", json(patch)}).needs_node(), needs) << what;
  }
}

TEST_F(ReadPodInfo, TheDepthThatCountsComesFromSpecAndStatus) {
  const auto depth = [&](const char* patch) {
    return read({"a", Json::object(), {}, "default", json(patch)}).depth;
  };
  EXPECT_EQ(depth("{}"), api::Depth::kRunning);
  EXPECT_EQ(depth(R"({"spec": {"pause": true}})"), api::Depth::kRunning);
  EXPECT_EQ(depth(R"({"spec": {"pause": true},
                      "status": {"suspend": {"depth": "Stop", "reason": "User"}}})"),
            api::Depth::kStop);
  EXPECT_EQ(depth(R"({"status": {"suspend": {"depth": "Stop", "reason": "User"}}})"),
            api::Depth::kRunning);
  EXPECT_EQ(depth(R"({"status": {"suspend": {"depth": "Stop", "reason": "Idle"}}})"),
            api::Depth::kStop);
}

TEST_F(ReadPodInfo, PriorityIsWrittenOrComesFromItsClass) {
  EXPECT_EQ(read({"a"}).priority, 0);
  classes.priority["high"] = {1000};
  classes.priority["usual"] = {5, true};
  EXPECT_EQ(read({"a"}).priority, 5);
  classes.priority["least"] = {3, true};
  EXPECT_EQ(read({"a"}).priority, 3);
  EXPECT_EQ(read({"a", json(R"({"priorityClassName": "high"})")}).priority, 1000);
  EXPECT_EQ(read({"a", json(R"({"priority": 7, "priorityClassName": "high"})")}).priority, 7);
}

TEST_F(ReadPodInfo, AnUnknownClassIsToldAndReadNoneTheLess) {
  EXPECT_EQ(read({"a", json(R"({"runtimeClassName": "kata"})")}).spec->unplaceable,
            "spec.podTemplate.spec.runtimeClassName: Not found: \"kata\"");
  EXPECT_EQ(read({"a", json(R"({"priorityClassName": "low"})")}).spec->unplaceable,
            "spec.podTemplate.spec.priorityClassName: Not found: \"low\"");
  const auto gated = json(R"({"schedulingGates": [{"name": "wait"}], "priorityClassName": "low"})");
  EXPECT_EQ(read({"a", gated}).spec->unplaceable,
            "Scheduling is blocked due to non-empty scheduling gates");
}

TEST_F(ReadPodInfo, TheRuntimeClassSaysWhereItRuns) {
  const auto runtime_class = read_runtime_class(json(R"({"handler": "runsc",
      "overhead": {"podFixed": {"memory": "10"}},
      "scheduling": {"nodeSelector": {"kvm": "yes"}, "tolerations": [{"operator": "Exists"}]}})"));
  ASSERT_TRUE(runtime_class.has_value());
  classes.runtime["gvisor"] = *runtime_class;
  const auto spec = read({"a", json(R"({"runtimeClassName": "gvisor"})")}).spec;
  EXPECT_EQ(spec->runtime_handler, "runsc");
  EXPECT_THAT(spec->node_selector, ElementsAre(Requirement{"kvm", Operator::kIn, {"yes"}}));
  EXPECT_THAT(spec->tolerations, ElementsAre(Toleration{"", true, ""}));
}

TEST_F(ReadPodInfo, ImagesHaveATagAndPortsOfTheHostAreAllThatItTakes) {
  const auto spec = read({"a", json(R"({"hostNetwork": true,
      "initContainers": [{"image": "registry:5000/init", "ports": [{"containerPort": 1}]},
                         {"image": "b@sha256:0", "restartPolicy": "Always",
                          "ports": [{"containerPort": 2, "protocol": "UDP"}]}],
      "containers": [{"image": "main:v1",
                      "ports": [{"containerPort": 3, "hostPort": 3, "hostIP": "10.0.0.1"}]}]})")})
                        .spec;
  EXPECT_THAT(spec->images, ElementsAre("registry:5000/init:latest", "b@sha256:0", "main:v1"));
  EXPECT_THAT(spec->host_ports,
              ElementsAre(HostPort{2, "UDP", "0.0.0.0"}, HostPort{3, "TCP", "10.0.0.1"}));
}

TEST_F(ReadPodInfo, ReadsNodeAffinity) {
  const auto spec = read({"a", json(R"({"affinity": {"nodeAffinity": {
      "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
        {"matchExpressions": [{"key": "cores", "operator": "Gt", "values": ["7"]}],
         "matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}]}]},
      "preferredDuringSchedulingIgnoredDuringExecution": [
        {"weight": 3, "preference": {"matchExpressions": [{"key": "ssd", "operator": "Exists"}]}}
      ]}}})")})
                        .spec;
  EXPECT_TRUE(spec->requires_node_terms);
  EXPECT_THAT(
      spec->required_node_terms,
      ElementsAre(NodeTerm{
          {{"cores", Operator::kGt, {"7"}}}, {{"metadata.name", Operator::kIn, {"n"}}}, 0}));
  EXPECT_THAT(spec->preferred_node_terms,
              ElementsAre(NodeTerm{{{"ssd", Operator::kExists, {}}}, {}, 3}));
}

TEST_F(ReadPodInfo, ReadsSpreadWithItsDefaults) {
  const auto spec = read({"a", json(R"({"topologySpreadConstraints": [
      {"topologyKey": "zone", "maxSkew": 2, "whenUnsatisfiable": "DoNotSchedule",
       "labelSelector": {"matchLabels": {"app": "dev"}}},
      {"topologyKey": "host", "maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway",
       "minDomains": 3, "nodeAffinityPolicy": "Ignore", "nodeTaintsPolicy": "Honor",
       "matchLabelKeys": ["rev"]}]})")})
                        .spec;
  ASSERT_EQ(spec->spread.size(), 2U);
  EXPECT_EQ(spec->spread[0],
            (SpreadConstraint{2, 1, "zone", true, {false, {{"app", Operator::kIn, {"dev"}}}}}));
  EXPECT_EQ(spec->spread[1], (SpreadConstraint{1, 3, "host", false, {}, {"rev"}, false, true}));
}

TEST_F(ReadPodInfo, SelectorsThatAreAbsentAndEmptyDiffer) {
  const auto spec = read({"a", json(R"({"affinity": {"podAntiAffinity": {
      "requiredDuringSchedulingIgnoredDuringExecution": [
        {"topologyKey": "zone"}, {"topologyKey": "zone", "labelSelector": {}}],
      "preferredDuringSchedulingIgnoredDuringExecution": [
        {"weight": 9, "podAffinityTerm": {"topologyKey": "zone", "namespaces": ["x"]}}]}}})")})
                        .spec;
  ASSERT_EQ(spec->anti_affinity.size(), 2U);
  EXPECT_TRUE(spec->anti_affinity[0].selector.nothing);
  EXPECT_FALSE(spec->anti_affinity[1].selector.nothing);
  ASSERT_EQ(spec->preferred_affinity.size(), 1U);
  EXPECT_EQ(spec->preferred_affinity[0].weight, -9);
}

TEST_F(ReadPodInfo, WhatIsWrongIsToldWithItsPath) {
  const std::string pod = "spec.podTemplate.spec.";
  struct Wrong {
    const char* pod_spec;
    std::string message;
  };
  for (const auto& [pod_spec, message] : std::initializer_list<Wrong>{
           {R"({"nodeName": 1})", pod + "nodeName: must be a string"},
           {R"({"tolerations": {}})", pod + "tolerations: must be a list"},
           {R"({"tolerations": [{}, 1]})", pod + "tolerations[1]: must be an object"},
           {R"({"tolerations": [{"effect": "Never"}]})",
            pod + "tolerations[0].effect: unknown value \"Never\""},
           {R"({"nodeSelector": {"a": 1}})", pod + "nodeSelector.a: must be a string"},
           {R"({"priority": 4294967296})", pod + "priority: must be an integer of 32 bits"},
           {R"({"priority": 1.5})", pod + "priority: must be an integer"},
           {R"({"containers": [{"ports": [{"hostPort": 65536}]}]})",
            pod + "containers[0].ports[0].hostPort: must be between 1 and 65535, inclusive"},
           {R"({"topologySpreadConstraints": [{"maxSkew": 0, "topologyKey": "zone"}]})",
            pod + "topologySpreadConstraints[0].maxSkew: must be greater than zero"},
           {R"({"topologySpreadConstraints": [{}]})",
            pod + "topologySpreadConstraints[0].topologyKey: Required value"},
           {R"({"affinity": {"nodeAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 101}]}}})",
            pod + "affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight:"
                  " must be in the range 1-100"},
           {R"({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
                {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a"}]}]}}}})",
            pod + "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
                  ".nodeSelectorTerms[0].matchExpressions[0].operator: Required value"},
       }) {
    EXPECT_EQ(failure({{"spec", {{"podTemplate", {{"spec", json(pod_spec)}}}}}}), message);
  }
  EXPECT_EQ(failure(json(R"({"metadata": {"uid": null}})")), "metadata.uid: Required value");
  EXPECT_EQ(failure(json(R"({"spec": {"suspend": {"depth": "Sleep"}}})")),
            "spec.suspend.depth: unknown value \"Sleep\"");
  EXPECT_EQ(failure(json(R"({"spec": []})")), "spec: must be an object");
}

}  // namespace
}  // namespace sandboxlet::scheduler
