#include <gmock/gmock.h>

#include "scheduler-shim/name_hash.h"
#include "scheduler-shim/read_claim_info.h"
#include "scheduler-shim/testing/cluster.h"
#include "scheduler-shim/testing/volumes.h"

namespace sandboxlet::scheduler {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Nodes "a" and "b" with room for 4Gi of local volumes each.
class VolumeBindingTest : public testing::Test {
 protected:
  VolumeBindingTest() {
    set_class(storage_class_json("local", "local.sandboxlet.io"));
    set_class(storage_class_json("static", "kubernetes.io/no-provisioner"));
    set_class(storage_class_json("theirs", "theirs.example.com"));
    set_class(storage_class_json("at-once", "theirs.example.com", false));
    for (const char* name : {"a", "b"}) add_node(name, "4Gi");
  }

  void add_node(const std::string& name, const char* room) {
    cluster_.add_node(name,
                      {{"status", {{"allocatable", {{"sandboxlet.io/local-volumes", room}}}}}});
  }
  void set_class(const Json& object) {
    cluster_.volumes.set_class(object["metadata"]["name"], *read_storage_class(object));
  }
  void set_claim(const Json& object) { cluster_.volumes.set_claim(*read_claim(object)); }
  void set_volume(const Json& object) { cluster_.volumes.set_volume(*read_volume(object)); }
  static Json of_class(const std::string& name) { return {{"spec", {{"storageClassName", name}}}}; }
  static Json of_size(const char* size) {
    return {{"spec", {{"resources", {{"requests", {{"storage", size}}}}}}}};
  }
  static TestSandbox user(const std::string& name, const std::vector<std::string>& claims) {
    return {name, using_claims(claims)};
  }
  // Of one template, "home".
  static TestSandbox owner(const std::string& name) {
    TestSandbox sandbox{name};
    sandbox.patch = json(R"({"spec": {"volumeClaimTemplates": [
        {"metadata": {"name": "home"}, "spec": {}}]}})");
    return sandbox;
  }
  static Json controlled_by(const std::string& uid) {
    const Json reference{{"kind", "Sandbox"}, {"name", "box"}, {"uid", uid}, {"controller", true}};
    return {{"metadata", {{"ownerReferences", Json::array({reference})}}}};
  }
  std::string refusal(const TestSandbox& sandbox) { return cluster_.refusal(sandbox); }
  std::vector<std::string> feasible(const TestSandbox& sandbox) {
    return cluster_.feasible(sandbox);
  }
  // Decides, and assumes what was decided.
  std::string place(const TestSandbox& sandbox) {
    const PodInfo pod = cluster_.pod(sandbox);
    const Decision decision = cluster_.scheduler.decide(pod, cluster_.cache);
    if (decision.node == kNoNode) return decision.message;
    cluster_.cache.assume(pod, decision.node, TimePoint::max());
    return decision.node_name;
  }

  TestCluster cluster_;
};

std::string on_none(const std::string& why) { return "0/2 nodes are available: " + why + "."; }

// ---- Claims as such

TEST_F(VolumeBindingTest, WhatIsWrongWithAClaimIsSaidAsKubeSchedulerDoes) {
  const auto says = [&](const Json& claim) {
    set_claim(claim);
    return refusal(user("box", {"data"}));
  };
  EXPECT_EQ(refusal(user("box", {"data"})), on_none("persistentvolumeclaim \"data\" not found"));
  EXPECT_EQ(says(claim_json("data")), "");
  EXPECT_EQ(says(claim_json("data", json(R"({"metadata": {"deletionTimestamp": "x"}})"))),
            on_none("persistentvolumeclaim \"data\" is being deleted"));
  EXPECT_EQ(says(bound_claim_json("data", "v", json(R"({"status": {"phase": "Lost"}})"))),
            on_none("persistentvolumeclaim \"data\" bound to non-existent persistentvolume \"v\""));
  const std::string unbound = on_none("pod has unbound immediate PersistentVolumeClaims");
  EXPECT_EQ(says(claim_json("data", of_class("at-once"))), unbound);
  EXPECT_EQ(says(claim_json("data", of_class("unknown"))), unbound);
  EXPECT_EQ(says(claim_json("data", json(R"({"spec": {"volumeName": "v"}})"))), unbound);
}

TEST_F(VolumeBindingTest, WhatIsOnItsWayIsWaitedForWithoutAWord) {
  const auto is_early = [&](const TestSandbox& sandbox) {
    return cluster_.decide(sandbox).is_early;
  };
  EXPECT_TRUE(is_early(owner("box")));
  Json adoptable = claim_json("home-box");
  adoptable["metadata"]["labels"][kNameHashLabel] = name_hash("box");
  set_claim(adoptable);
  EXPECT_TRUE(is_early(owner("box")));
  set_claim(claim_json("home-box", controlled_by("uid-box")));
  EXPECT_EQ(cluster_.decide(owner("box")).message, "");
  EXPECT_FALSE(is_early(owner("box")));
  set_claim(claim_json("data", json(R"({"metadata": {"finalizers": null}})")));
  EXPECT_TRUE(is_early(user("box", {"data"})));
}

// "home-box", which is about to be made.
TEST_F(VolumeBindingTest, WhereItGoesIsKnownOnceItsClaimsArePlanned) {
  const auto ahead = [&] {
    return cluster_.scheduler.decide_ahead(cluster_.pod(owner("box")), cluster_.cache).node_name;
  };
  EXPECT_EQ(ahead(), "");
  cluster_.volumes.plan_claim(*read_claim(claim_json("home-box", of_size("4Gi"))));
  EXPECT_NE(ahead(), "");
  EXPECT_TRUE(cluster_.decide(owner("box")).is_early);
  cluster_.volumes.give_up_claim("default/home-box");
  cluster_.volumes.plan_claim(*read_claim(claim_json("home-box", of_size("5Gi"))));
  EXPECT_EQ(ahead(), "");
  set_claim(claim_json("home-box"));
  EXPECT_EQ(ahead(), "");
}

TEST_F(VolumeBindingTest, APlannedClaimTakesRoomUntilItIsGivenUp) {
  set_claim(claim_json("data", of_size("4Gi")));
  cluster_.volumes.plan_claim(*read_claim(claim_json("home-box", of_size("4Gi"))));
  const PodInfo pod = cluster_.pod(owner("box"));
  const Decision ahead = cluster_.scheduler.decide_ahead(pod, cluster_.cache);
  cluster_.cache.assume(pod, ahead.node, TimePoint::max());
  const std::string other = ahead.node_name == "a" ? "b" : "a";
  EXPECT_THAT(feasible(user("other", {"data"})), ElementsAre(other));
  EXPECT_EQ(cluster_.volumes.give_up_claim("default/home-box"), kVolumesChanged);
  EXPECT_THAT(feasible(user("other", {"data"})), ElementsAre("a", "b"));
  // One that is there is not given up.
  EXPECT_EQ(cluster_.volumes.give_up_claim("default/data"), kNothing);
}

TEST_F(VolumeBindingTest, AClaimOfItsNameThatIsAnothersHoldsItBack) {
  set_claim(claim_json("home-box", controlled_by("uid-of-an-earlier-one")));
  EXPECT_EQ(refusal(owner("box")),
            on_none("persistentvolumeclaim \"home-box\" is controlled by Sandbox/box, not by this "
                    "Sandbox"));
  set_claim(claim_json("home-box"));
  EXPECT_EQ(refusal(owner("box")),
            on_none("persistentvolumeclaim \"home-box\" exists and has no label that lets this "
                    "Sandbox adopt it"));
}

TEST_F(VolumeBindingTest, WhyAClaimIsNotMadeIsSaid) {
  cluster_.volumes.refuse("default/home-box", "exceeded quota");
  EXPECT_EQ(refusal(owner("box")),
            on_none("persistentvolumeclaim \"home-box\" cannot be made: exceeded quota"));
}

// ---- Bound claims

TEST_F(VolumeBindingTest, ItIsBoundOnlyToTheNodeOfItsData) {
  set_volume(local_volume_json("v", "1Gi", "b"));
  set_claim(bound_claim_json("data", "v"));
  EXPECT_THAT(feasible(user("box", {"data"})), ElementsAre("b"));
  cluster_.cache.set_alive("b", false);
  EXPECT_EQ(refusal(user("box", {"data"})),
            on_none("1 node(s) didn't match PersistentVolume's node affinity, "
                    "1 node(s) were not ready"));
}

TEST_F(VolumeBindingTest, AVolumeWithoutAffinityIsEverywhere) {
  set_volume(volume_json("v", "1Gi", {}, json(R"({"status": {"phase": "Bound"}})")));
  set_claim(bound_claim_json("data", "v", of_class("static")));
  EXPECT_THAT(feasible(user("box", {"data"})), ElementsAre("a", "b"));
}

TEST_F(VolumeBindingTest, AVolumeThatIsNotKnownIsWaitedFor) {
  set_claim(bound_claim_json("data", "v"));
  EXPECT_EQ(refusal(user("box", {"data"})),
            on_none("2 node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"));
}

// ---- Volumes that are to be made

TEST_F(VolumeBindingTest, ANodeNeedsRoomForAllThatIsToBeMadeThere) {
  set_volume(local_volume_json("v", "2Gi", "a"));
  set_claim(claim_json("data", of_size("2Gi")));
  set_claim(claim_json("more", of_size("2Gi")));
  EXPECT_THAT(feasible(user("box", {"data"})), ElementsAre("a", "b"));
  EXPECT_THAT(feasible(user("box", {"data", "more"})), ElementsAre("b"));
  add_node("b", "3Gi");
  EXPECT_EQ(refusal(user("box", {"data", "more"})),
            on_none("2 node(s) did not have enough free storage"));
}

TEST_F(VolumeBindingTest, ANodeWithoutTheResourceMakesNone) {
  cluster_.add_node("a");
  set_claim(claim_json("data"));
  EXPECT_THAT(feasible(user("box", {"data"})), ElementsAre("b"));
}

TEST_F(VolumeBindingTest, ABurstOverbooksNoNode) {
  for (int i = 0; i < 10; ++i) set_claim(claim_json("data-" + std::to_string(i)));
  std::map<std::string, int> placed;
  for (int i = 0; i < 10; ++i) {
    const std::string number = std::to_string(i);
    ++placed[place(user("box-" + number, {"data-" + number}))];
  }
  EXPECT_EQ(placed["a"], 4);
  EXPECT_EQ(placed["b"], 4);
  EXPECT_EQ(placed[on_none("2 node(s) did not have enough free storage")], 2);
  cluster_.cache.remove_sandbox("uid-box-0");
  EXPECT_THAT(feasible(user("box-9", {"data-9"})), testing::SizeIs(1));
}

TEST_F(VolumeBindingTest, WhatIsSelectedOrInUseStaysOnItsNodeAndCountsOnce) {
  set_claim(claim_json("data", of_size("4Gi")));
  const std::string node = place(user("box", {"data"}));
  EXPECT_THAT(feasible(user("other", {"data"})), ElementsAre(node));
  cluster_.cache.forget("uid-box");
  Json selected = of_size("4Gi");
  selected["metadata"]["annotations"]["volume.kubernetes.io/selected-node"] = "b";
  set_claim(claim_json("data", selected));
  EXPECT_THAT(feasible(user("box", {"data"})), ElementsAre("b"));
  cluster_.cache.set_alive("b", false);
  EXPECT_EQ(refusal(user("box", {"data"})),
            on_none("1 node(s) didn't find available persistent volumes to bind, "
                    "1 node(s) were not ready"));
}

TEST_F(VolumeBindingTest, OthersProvisionersAreAskedForNoRoomHere) {
  set_claim(claim_json("data", of_class("theirs")));
  EXPECT_THAT(feasible(user("box", {"data"})), ElementsAre("a", "b"));
}

TEST_F(VolumeBindingTest, AClassKeepsToItsTopologies) {
  Json storage_class = storage_class_json("local", "local.sandboxlet.io");
  storage_class["allowedTopologies"] = json(R"([{"matchLabelExpressions": [
      {"key": "kubernetes.io/hostname", "values": ["b", "c"]}]}])");
  set_class(storage_class);
  set_claim(claim_json("data"));
  EXPECT_THAT(feasible(user("box", {"data"})), ElementsAre("b"));
}

// ---- Volumes that are there

TEST_F(VolumeBindingTest, EachClaimNeedsAVolumeOfItsOwnThere) {
  set_claim(claim_json("data", of_class("static")));
  set_claim(claim_json("more", of_class("static")));
  EXPECT_EQ(refusal(user("box", {"data"})),
            on_none("2 node(s) didn't find available persistent volumes to bind"));
  set_volume(volume_json("v", "1Gi", {"a"}));
  EXPECT_THAT(feasible(user("box", {"data"})), ElementsAre("a"));
  EXPECT_THAT(feasible(user("box", {"data", "more"})), IsEmpty());
  set_volume(volume_json("w", "5Gi", {"a", "b"}));
  EXPECT_THAT(feasible(user("box", {"data", "more"})), ElementsAre("a"));
}

TEST_F(VolumeBindingTest, TheSmallestIsKeptForWhoIsPlacedThere) {
  set_volume(volume_json("large", "5Gi", {"a"}));
  set_volume(volume_json("small", "1Gi", {"a"}));
  set_claim(claim_json("data", of_class("static")));
  EXPECT_EQ(place(user("box", {"data"})), "a");
  EXPECT_EQ(cluster_.volumes.reserved_for("default/data"), "small");
  EXPECT_EQ(cluster_.cache.keep_volume("default/data", "a"), "small");
  set_claim(claim_json("more", of_class("static")));
  EXPECT_EQ(place(user("other", {"more"})), "a");
  EXPECT_EQ(cluster_.volumes.reserved_for("default/more"), "large");
  cluster_.cache.forget("uid-box");
  EXPECT_EQ(cluster_.volumes.reserved_for("default/data"), "");
}

TEST_F(VolumeBindingTest, AVolumeIsChosenAgainByWhoWasBoundBefore) {
  set_volume(volume_json("v", "1Gi", {"b"}));
  set_claim(claim_json("data", of_class("static")));
  cluster_.bind(user("box", {"data"}), "b");
  EXPECT_EQ(cluster_.cache.keep_volume("default/data", "b"), "v");
  EXPECT_EQ(cluster_.volumes.reserved_for("default/data"), "v");
}

// ---- ReadWriteOncePod

TEST_F(VolumeBindingTest, OneSandboxAtATimeHasAReadWriteOncePodClaim) {
  set_claim(claim_json("data", json(R"({"spec": {"accessModes": ["ReadWriteOncePod"]}})")));
  place(user("box", {"data"}));
  EXPECT_EQ(refusal(user("other", {"data"})),
            on_none("2 node has pod using PersistentVolumeClaim with the same name and "
                    "ReadWriteOncePod access mode"));
  EXPECT_EQ(cluster_.decide(user("other", {"data"})).wakes, kSandboxGone);
  cluster_.cache.remove_sandbox("uid-box");
  EXPECT_EQ(refusal(user("other", {"data"})), "");
}

}  // namespace
}  // namespace sandboxlet::scheduler
