#include "tests/rig/shapes.h"

#include "cri/client.h"
#include "tests/cluster/cluster_test.h"
#include "tests/rig/eventually.h"
#include "tests/rig/holdings.h"
#include "tests/rig/pods.h"

namespace sandboxlet::test {
namespace {

// How a Sandbox ends up: the condition that says it, and what its message has in it.
struct Fate {
  std::string type;
  std::string status;
  std::string reason;
  std::string message;
  // On a node; only what runs has a pod there.
  bool is_bound = true;
  bool runs = false;
  // That many other fields are named too.
  int others = 0;
};

Fate runs() { return {"Ready", "True", "DependenciesReady", "Pod is Ready", true, true}; }

// By the first of the fields of its pod that the agent does not do; more is how many others there
// are.
Fate agent_cannot(const std::string& path, const std::string& deed, int more = 0) {
  Fate fate{
      "Ready", "False", "UnsupportedField",
      "spec.podTemplate.spec." + path + ": Unsupported: this agent does not " + deed + " yet"};
  fate.others = more;
  return fate;
}

Fate unschedulable(const std::string& message) {
  return {"PodScheduled", "False", "Unschedulable", message, false};
}

const std::map<std::string, Fate>& fates() {
  static const std::map<std::string, Fate> all{
      {"additions", runs()},
      {"environment",
       agent_cannot("containers[0].env[3].valueFrom", "take variables from objects", 4)},
      {"ephemeral-volumes", agent_cannot("volumes[0].ephemeral", "have volumes of this kind")},
      {"host-and-dns", agent_cannot("dnsConfig", "configure DNS", 3)},
      {"init-and-sidecars",
       agent_cannot("containers[0].terminationMessagePolicy", "read termination messages", 2)},
      {"labelled", runs()},
      {"lifecycle", agent_cannot("containers[0].lifecycle", "run hooks", 1)},
      {"minimal", runs()},
      {"private-image", agent_cannot("serviceAccountName", "act as a service account")},
      {"probes", agent_cannot("containers[0].livenessProbe", "probe", 4)},
      {"projected-volumes", agent_cannot("containers[0].volumeMounts[0].recursiveReadOnly",
                                         "make mounts below read-only", 5)},
      // A small machine has too little of other things too.
      {"resources", unschedulable("1 Insufficient example.com/device")},
      {"runtime-class",
       unschedulable("spec.podTemplate.spec.runtimeClassName: Not found: \"gvisor\"")},
      {"scheduling",
       {"PodScheduled", "False", "SchedulingGated",
        "Scheduling is blocked due to non-empty scheduling gates", false}},
      {"security", agent_cannot("containers[0].securityContext.seccompProfile.localhostProfile",
                                "load seccomp profiles", 8)},
      {"service",
       {"Ready", "True", "DependenciesReady", "Pod is Ready; Service Exists", true, true}},
      {"shutdown", agent_cannot("activeDeadlineSeconds", "hold a deadline")},
      {"storage", unschedulable("persistentvolumeclaim \"data\" not found")},
      {"suspended",
       {"Suspended", "True", "PodTerminated", "Pod has been terminated. Sandbox is suspended",
        false}},
      // Of a class that is not there.
      {"volume-claim-templates", unschedulable("pod has unbound immediate PersistentVolumeClaims")},
  };
  return all;
}

TEST(Shapes, EachHasItsFate) {
  const auto shapes = shapes_of_sandboxes();
  for (const auto& [name, shape] : shapes) EXPECT_TRUE(fates().contains(name)) << name;
  EXPECT_EQ(shapes.size(), fates().size());
}

// Sandboxes as upstream's documentation shows them, in a cluster of one node: none is run in part,
// and none waits without saying for what.
class ShapesTest : public ClusterTest {
 protected:
  // Its image's shell would end at once, so another is run in its place.
  void create_shape(const std::string& name) {
    Json shape = shapes_.at(name);
    shape["metadata"]["namespace"] = "default";
    for (Json& container : shape["spec"]["podTemplate"]["spec"]["containers"]) {
      container["image"] = kCounterImage;
    }
    create(shape);
  }

  void expect_fate(const std::string& name, const Fate& fate) {
    Json now;
    EXPECT_TRUE(eventually([&] {
      now = condition(name, fate.type);
      return !now.is_null() && now["status"] == fate.status && now["reason"] == fate.reason &&
             says(now["message"], fate);
    })) << name
        << " is " << now << " in place of " << fate.message;
    EXPECT_EQ(get(name)["status"].contains("nodeName"), fate.is_bound) << name;
  }

  static bool says(const std::string& message, const Fate& fate) {
    const bool one = message.find(fate.message) != std::string::npos;
    if (fate.reason != "UnsupportedField") return one;
    return one && static_cast<int>(std::ranges::count(message, ';')) == fate.others;
  }

  const std::map<std::string, Json> shapes_ = shapes_of_sandboxes();
};

TEST_F(ShapesTest, EachEndsAsItShouldForAReasonThatIsSeen) {
  begin();
  for (const auto& [name, shape] : shapes_) create_shape(name);
  std::multiset<std::string> running;
  for (const auto& [name, fate] : fates()) {
    expect_fate(name, fate);
    if (fate.runs) running.insert(get(name)["metadata"]["uid"]);
  }
  cri::Client runtime(cri::ClientOptions{.socket = node().runtime->socket()});
  Holdings held = holdings_of(*node().runtime, runtime, loop_);
  EXPECT_EQ(held["ready pods"], running);
  EXPECT_EQ(held["running containers"], running);
  // Of those that are refused nothing is made.
  EXPECT_EQ(held["pods"], running);
  EXPECT_EQ(held["volumes"].size(), running.size());
}

TEST_F(ShapesTest, WhatStandsInTheWayOfABindingIsToldOneAfterTheOther) {
  begin();
  create_shape("runtime-class");
  create_shape("scheduling");
  expect_fate("runtime-class", fates().at("runtime-class"));
  expect_fate("scheduling", fates().at("scheduling"));
  patch("scheduling", {{"spec", {{"podTemplate", {{"spec", {{"schedulingGates", nullptr}}}}}}}});
  expect_fate("scheduling",
              unschedulable("spec.podTemplate.spec.priorityClassName: Not found: \"high\""));
  kubectl({"create", "priorityclass", "high", "--value=1000"});
  ask("POST", "/apis/node.k8s.io/v1/runtimeclasses",
      R"({"metadata": {"name": "gvisor"}, "handler": "runsc"})");
  expect_fate("runtime-class",
              unschedulable("1 node(s) didn't have the requested runtime handler."));
  expect_fate("scheduling", unschedulable("1 node(s) didn't match Pod's node affinity/selector."));
  kubectl({"delete", "priorityclass/high", "runtimeclass/gvisor"});
}

}  // namespace
}  // namespace sandboxlet::test
