#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduler-shim/filter.h"
#include "scheduler-shim/testing/cluster.h"

namespace sandboxlet::scheduler {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Why the only node, with this patch, does not take this Sandbox; empty where it does.
struct Case {
  const char* what;
  const char* node;
  const char* pod_spec;
  std::string reason;
};

void check(std::initializer_list<Case> cases) {
  for (const auto& [what, node, pod_spec, reason] : cases) {
    TestCluster cluster;
    cluster.add_node("n", json(node));
    const std::string message = reason.empty() ? "" : "0/1 nodes are available: 1 " + reason + ".";
    EXPECT_EQ(cluster.refusal({"a", json(pod_spec)}), message) << what;
  }
}

TEST(Filters, ANodeTakesWhatAsksForNothing) { check({{"", "{}", "{}", ""}}); }

TEST(Filters, CordonedNodesTakeOnlyWhoTolerates) {
  check({{"not", R"({"spec": {"unschedulable": true}})", "{}", "node(s) were unschedulable"},
         {"tolerates", R"({"spec": {"unschedulable": true}})",
          R"({"tolerations": [{"key": "node.kubernetes.io/unschedulable",
                               "operator": "Exists"}]})",
          ""}});
}

TEST(Filters, NodesMustBeReadyAndAlive) {
  check({{"not ready", R"({"status": {"conditions": [{"type": "Ready", "status": "False"}]}})",
          "{}", "node(s) were not ready"}});
  TestCluster cluster;
  cluster.add_node("n");
  cluster.cache.set_alive("n", false);
  EXPECT_EQ(cluster.refusal({"a"}), "0/1 nodes are available: 1 node(s) were not ready.");
  cluster.cache.set_alive("n", true);
  EXPECT_EQ(cluster.refusal({"a"}), "");
}

TEST(Filters, TaintsKeepAway) {
  constexpr auto kNode = R"({"spec": {"taints": [
      {"key": "soft", "effect": "PreferNoSchedule"},
      {"key": "gpu", "value": "a100", "effect": "NoSchedule"}]}})";
  check({{"not tolerated", kNode, "{}", "node(s) had untolerated taint {gpu: a100}"},
         {"tolerated", kNode, R"({"tolerations": [{"key": "gpu", "value": "a100"}]})", ""},
         {"without a value", R"({"spec": {"taints": [{"key": "gpu", "effect": "NoExecute"}]}})",
          "{}", "node(s) had untolerated taint {gpu: }"}});
}

TEST(Filters, NodeNameSelectorAndAffinityAllSelect) {
  constexpr auto kNode = R"({"metadata": {"labels": {"zone": "a", "cores": "8"}}})";
  const std::string affinity = "node(s) didn't match Pod's node affinity/selector";
  check({
      {"its name", kNode, R"({"nodeName": "n"})", ""},
      {"another name", kNode, R"({"nodeName": "m"})",
       "node(s) didn't match the requested node name"},
      {"selector", kNode, R"({"nodeSelector": {"zone": "a"}})", ""},
      {"another value", kNode, R"({"nodeSelector": {"zone": "b"}})", affinity},
      {"one of the terms", kNode,
       R"({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
           {"nodeSelectorTerms": [
             {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["b"]}]},
             {"matchExpressions": [{"key": "cores", "operator": "Gt", "values": ["4"]}]}]}}}})",
       ""},
      {"selector and terms", kNode,
       R"({"nodeSelector": {"zone": "b"},
           "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
           {"nodeSelectorTerms": [
             {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}]}}}})",
       affinity},
      {"the node's own name", kNode,
       R"({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
           {"nodeSelectorTerms": [
             {"matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["n"]}]}]
           }}}})",
       affinity},
      {"no term at all", kNode,
       R"({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
           {"nodeSelectorTerms": []}}}})",
       affinity},
      {"an empty term", kNode,
       R"({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
           {"nodeSelectorTerms": [{}]}}}})",
       affinity},
  });
}

TEST(Filters, TheRuntimeClassMustBeThere) {
  TestCluster cluster;
  cluster.classes.runtime["gvisor"] = {.handler = "runsc"};
  cluster.add_node("n", json(R"({"status": {"runtimeHandlers": [{"name": "runc"}]}})"));
  const TestSandbox sandbox{"a", json(R"({"runtimeClassName": "gvisor"})")};
  EXPECT_EQ(cluster.refusal(sandbox),
            "0/1 nodes are available: 1 node(s) didn't have the requested runtime handler.");
  cluster.add_node("n", json(R"({"status": {"runtimeHandlers": [{"name": "runsc"}]}})"));
  EXPECT_EQ(cluster.refusal(sandbox), "");
}

TEST(Filters, ANamedDepthMustBePossible) {
  TestCluster cluster;
  cluster.add_node("n", json(R"({"status": {"depths": ["Freeze", "Stop"]}})"));
  const auto refusal = [&](const char* depth) {
    return cluster.refusal(
        {"a", Json::object(), {}, "default", {{"spec", {{"suspend", {{"depth", depth}}}}}}});
  };
  EXPECT_EQ(refusal("Stop"), "");
  EXPECT_EQ(refusal("Hibernate"),
            "0/1 nodes are available: 1 node(s) didn't support the requested suspend depth.");
}

TEST(Filters, RequestsMustFitBesideWhatIsThere) {
  TestCluster cluster;
  cluster.add_node("n", json(R"({"status": {"allocatable": {"example.com/gpu": "1"}}})"));
  const auto asking = [](const char* requests) {
    return TestSandbox{"b", {{"containers", {{{"resources", {{"requests", json(requests)}}}}}}}};
  };
  const auto says = [&](const char* requests) { return cluster.refusal(asking(requests)); };
  EXPECT_EQ(says(R"({"cpu": "1", "memory": "1000Mi", "example.com/gpu": "1"})"), "");
  cluster.bind(asking(R"({"cpu": "500m", "memory": "500Mi", "example.com/gpu": "1"})"), "n");
  EXPECT_EQ(says(R"({"cpu": "500m", "memory": "500Mi"})"), "");
  EXPECT_EQ(says(R"({"cpu": "501m"})"), "0/1 nodes are available: 1 Insufficient cpu.");
  EXPECT_EQ(says(R"({"cpu": "501m", "memory": "501Mi", "ephemeral-storage": "11Gi",
                     "example.com/gpu": "1"})"),
            "0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient ephemeral-storage, "
            "1 Insufficient example.com/gpu, 1 Insufficient memory.");
  EXPECT_EQ(says("{}"), "");
}

TEST(Filters, ANodeTakesOnlySoManySandboxes) {
  TestCluster cluster;
  cluster.add_node("n", json(R"({"status": {"allocatable": {"pods": "2"}}})"));
  cluster.bind({"a"}, "n");
  EXPECT_EQ(cluster.refusal({"c"}), "");
  cluster.bind({"b"}, "n");
  EXPECT_EQ(cluster.refusal({"c"}), "0/1 nodes are available: 1 Too many pods.");
}

TEST(Filters, WhatNoRemovalCuresIsUnresolvable) {
  TestCluster cluster;
  cluster.add_node("n");
  const auto wakes = [&](const char* cpu) {
    return cluster
        .decide({"a", {{"containers", {{{"resources", {{"requests", {{"cpu", cpu}}}}}}}}}})
        .wakes;
  };
  EXPECT_EQ(wakes("2"), kNodeChanged);
  cluster.bind({"b"}, "n");
  EXPECT_EQ(wakes("1"), kNodeChanged | kSandboxGone);
}

struct PortCase {
  const char* taken;
  const char* wanted;
  bool conflict;
};

TEST(Filters, PortsOfTheHostAreTakenOnce) {
  const auto ports = [](const char* text) {
    return Json{{"containers", {{{"ports", {json(text)}}}}}};
  };
  for (const auto& [taken, wanted, conflict] : std::initializer_list<PortCase>{
           {R"({"hostPort": 80})", R"({"hostPort": 80})", true},
           {R"({"hostPort": 80})", R"({"hostPort": 81})", false},
           {R"({"hostPort": 80})", R"({"hostPort": 80, "protocol": "UDP"})", false},
           {R"({"hostPort": 80, "hostIP": "10.0.0.1"})",
            R"({"hostPort": 80, "hostIP": "10.0.0.2"})", false},
           {R"({"hostPort": 80, "hostIP": "10.0.0.1"})", R"({"hostPort": 80})", true},
           {R"({"hostPort": 80})", R"({"hostPort": 80, "hostIP": "10.0.0.2"})", true},
           {R"({"containerPort": 80})", R"({"hostPort": 80})", false},
       }) {
    TestCluster cluster;
    cluster.add_node("n");
    cluster.bind({"a", ports(taken)}, "n");
    EXPECT_EQ(cluster.refusal({"b", ports(wanted)}),
              conflict ? "0/1 nodes are available: 1 node(s) didn't have free ports for the "
                         "requested pod ports."
                       : "")
        << taken << " " << wanted;
  }
}

TEST(Filters, ASuspendedSandboxKeepsItsPorts) {
  TestCluster cluster;
  cluster.add_node("n");
  const Json ports = json(R"({"containers": [{"ports": [{"hostPort": 80}]}]})");
  const Json terminated = json(R"({"spec": {"pause": true},
      "status": {"suspend": {"depth": "Terminate", "reason": "User"}}})");
  cluster.bind({"a", ports, {}, "default", terminated}, "n");
  EXPECT_THAT(cluster.feasible({"b", ports}), IsEmpty());
  EXPECT_THAT(cluster.feasible({"b"}), ElementsAre("n"));
}

}  // namespace
}  // namespace sandboxlet::scheduler
