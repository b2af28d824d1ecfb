#include "api/storage.h"
#include "tests/cluster/cluster_test.h"
#include "tests/rig/eventually.h"

namespace sandboxlet::test {
namespace {

using testing::HasSubstr;

constexpr kube::Resource kClaims{"", "v1", "persistentvolumeclaims"};
constexpr kube::Resource kVolumes{"", "v1", "persistentvolumes"};
constexpr kube::Resource kStorageClasses{"storage.k8s.io", "v1", "storageclasses"};
constexpr kube::Resource kNodes = kube::kSandboxNodes;
constexpr kube::Resource kPods{"", "v1", "pods"};

// The shim's part in Sandboxes' claims, with Kubernetes' own controllers for the rest. Nodes are
// objects alone, and the test makes volumes in their agents' place.
class ClaimsTest : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    static const auto controllers = api().run_controllers(
        {"garbage-collector-controller", "persistentvolume-binder-controller",
         "persistentvolume-protection-controller", "persistentvolumeclaim-protection-controller"});
    ASSERT_TRUE(controllers) << controllers.error().message();
    make(kStorageClasses, "", storage_class("local", api::kLocalProvisioner));
    make(kStorageClasses, "", storage_class("static", "kubernetes.io/no-provisioner"));
    make_node("node-1");
    begin(0);
  }
  void TearDown() override {
    if (!cluster_) return;
    // No agent lets go of them.
    for (const char* name : {"box", "other"}) {
      if (!get(name).is_null()) let_go(name);
    }
    ClusterTest::TearDown();
    kubectl({"delete", "storageclasses", "--all"});
    kubectl({"delete", "sandboxnodes", "--all"});
    const Json volumes = ask("GET", "/api/v1/persistentvolumes");
    for (const Json& volume : volumes["items"]) {
      const kube::ObjectRef ref{kVolumes, "", volume["metadata"]["name"], ""};
      const Json none{{"metadata", {{"finalizers", nullptr}}}};
      static_cast<void>(loop_.run(client().merge_patch(ref, none)));
      static_cast<void>(loop_.run(client().remove(ref)));
    }
  }
  // Later tests have no use for controllers.
  static void TearDownTestSuite() {
    if (KubeApiServer::why_not()) return;
    static_cast<void>(api().run_controllers({"namespace-controller"}));
  }

  // ---- The server
  void make(kube::Resource resource, const std::string& namespace_, const Json& object) {
    const kube::ObjectRef all{resource, namespace_, "", ""};
    const auto made = loop_.run(client().create(all, object));
    ASSERT_TRUE(made) << made.error().message();
  }
  void change(const kube::ObjectRef& ref, const Json& patch) {
    const auto done = loop_.run(client().merge_patch(ref, patch));
    ASSERT_TRUE(done) << done.error().message();
  }
  Json object(kube::Resource resource, const std::string& namespace_, const std::string& name) {
    auto answer = loop_.run(client().get({resource, namespace_, name, ""}));
    return answer ? std::move(*answer) : Json();
  }
  Json claim(const std::string& name = "home-box") { return object(kClaims, "default", name); }
  Json volume(const std::string& name) { return object(kVolumes, "", name); }
  std::string at(const Json& object, const char* place) {
    return object.is_null() ? "" : object.value(Json::json_pointer(place), "");
  }
  std::string node_of(const std::string& name = "box") { return at(get(name), "/status/nodeName"); }
  std::string selected(const std::string& name = "home-box") {
    return at(claim(name), "/metadata/annotations/volume.kubernetes.io~1selected-node");
  }
  bool has_finalizer(const Json& object, const char* finalizer) {
    const Json all = object["metadata"].value("finalizers", Json::array());
    return std::find(all.begin(), all.end(), finalizer) != all.end();
  }
  bool says(const std::string& name, const std::string& text) {
    return eventually([&] {
      const Json now = condition(name, "PodScheduled");
      return !now.is_null() && now["message"].get<std::string>().find(text) != std::string::npos;
    });
  }

  static Json storage_class(const std::string& name, const std::string& provisioner) {
    return {{"metadata", {{"name", name}}},
            {"provisioner", provisioner},
            {"volumeBindingMode", "WaitForFirstConsumer"}};
  }
  void make_node(const std::string& name) {
    make(kNodes, "",
         {{"apiVersion", "sandboxlet.io/v1alpha1"},
          {"kind", "SandboxNode"},
          {"metadata", {{"name", name}, {"labels", {{"kubernetes.io/hostname", name}}}}}});
    const Json ready = Json::parse(
        R"({"type": "Ready", "status": "True", "reason": "AgentReady", "message": "",
            "lastTransitionTime": "2026-01-02T03:04:05Z"})");
    change({kNodes, "", name, "status"}, {{"status",
                                           {{"allocatable",
                                             {{"cpu", "100"},
                                              {"memory", "100Gi"},
                                              {"pods", "100"},
                                              {api::kLocalStorageResource, "4Gi"}}},
                                            {"conditions", Json::array({ready})}}}});
  }

  // ---- What users, agents and provisioners do
  static Json templated(const std::string& name, const std::string& access = "ReadWriteOnce") {
    const Json spec{{"storageClassName", "local"},
                    {"accessModes", {access}},
                    {"resources", {{"requests", {{"storage", "1Gi"}}}}}};
    const Json home{{"metadata", {{"name", "home"}}}, {"spec", spec}};
    return counter(name, {{"volumeClaimTemplates", Json::array({home})}});
  }
  static Json naming(const std::string& name, const std::string& claim) {
    const Json data{{"name", "data"}, {"persistentVolumeClaim", {{"claimName", claim}}}};
    return counter(name, {{"podTemplate", {{"spec", {{"volumes", Json::array({data})}}}}}});
  }
  void make_claim(const std::string& name, const Json& patch = Json::object()) {
    Json object{{"metadata", {{"name", name}}},
                {"spec", templated("")["spec"]["volumeClaimTemplates"][0]["spec"]}};
    object.merge_patch(patch);
    make(kClaims, "default", object);
  }
  void hold(const std::string& name) {
    patch(name, {{"metadata", {{"finalizers", {"sandboxlet.io/node"}}}}});
  }
  void let_go(const std::string& name) {
    const Json now = get(name);
    Json finalizers = now["metadata"].value("finalizers", Json::array());
    finalizers.erase(std::remove(finalizers.begin(), finalizers.end(), "sandboxlet.io/node"),
                     finalizers.end());
    patch(name, {{"metadata", {{"finalizers", finalizers}}}});
  }
  static Json only_on(const std::string& node) {
    const Json in{{"key", "kubernetes.io/hostname"}, {"operator", "In"}, {"values", {node}}};
    const Json term{{"matchExpressions", Json::array({in})}};
    return {{"required", {{"nodeSelectorTerms", Json::array({term})}}}};
  }
  // As the local provisioner of the claim's node.
  void provision(const std::string& name) {
    const Json now = claim(name);
    const std::string volume = "pvc-" + at(now, "/metadata/uid");
    const std::string node = at(now, "/metadata/labels/sandboxlet.io~1node");
    const Json ref{{"apiVersion", "v1"},
                   {"kind", "PersistentVolumeClaim"},
                   {"namespace", "default"},
                   {"name", name},
                   {"uid", now["metadata"]["uid"]}};
    make(kVolumes, "",
         {{"metadata",
           {{"name", volume},
            {"labels", {{api::kNodeLabel, node}}},
            {"annotations", {{"pv.kubernetes.io/provisioned-by", api::kLocalProvisioner}}}}},
          {"spec",
           {{"storageClassName", "local"},
            {"accessModes", now["spec"]["accessModes"]},
            {"capacity", {{"storage", "1Gi"}}},
            {"persistentVolumeReclaimPolicy", "Delete"},
            {"claimRef", ref},
            {"nodeAffinity", only_on(node)},
            {"csi", {{"driver", api::kLocalProvisioner}, {"volumeHandle", volume}}}}}});
  }
  bool becomes_bound(const std::string& name) {
    return eventually([&] { return at(claim(name), "/status/phase") == "Bound"; });
  }
  // A Sandbox that runs, as far as its claim goes.
  void run(const std::string& name) {
    create(templated(name));
    ASSERT_TRUE(eventually([&] { return !selected("home-" + name).empty(); }));
    hold(name);
    provision("home-" + name);
    ASSERT_TRUE(becomes_bound("home-" + name));
  }
};

TEST_F(ClaimsTest, AClaimIsMadeBoundAndGoneWithItsSandbox) {
  create(templated("box"));
  ASSERT_TRUE(eventually([&] { return selected() == "node-1"; }));
  const Json made = claim();
  EXPECT_EQ(at(made, "/metadata/labels/sandboxlet.io~1node"), "node-1");
  EXPECT_EQ(made["metadata"]["ownerReferences"][0]["uid"], get("box")["metadata"]["uid"]);
  EXPECT_TRUE(has_finalizer(made, api::kClaimFinalizer));
  EXPECT_EQ(node_of(), "node-1");
  provision("home-box");
  EXPECT_TRUE(becomes_bound("home-box"));
  remove("box");
  EXPECT_TRUE(eventually([&] { return claim().is_null(); }, std::chrono::seconds(90)));
}

TEST_F(ClaimsTest, ADeletedClaimStaysWhileItsSandboxRuns) {
  run("box");
  kubectl({"delete", "pvc", "home-box", "--wait=false"});
  // Its other protection goes at once, as no Pod uses it.
  EXPECT_TRUE(eventually([&] { return !has_finalizer(claim(), "kubernetes.io/pvc-protection"); }));
  EXPECT_TRUE(has_finalizer(claim(), api::kClaimFinalizer));
  kubectl({"delete", "sandbox", "box", "--wait=false"});
  EXPECT_FALSE(claim().is_null());
  let_go("box");
  EXPECT_TRUE(is_gone("box"));
  EXPECT_TRUE(eventually([&] { return claim().is_null(); }));
}

TEST_F(ClaimsTest, ADeletionInTheForegroundWaitsForTheAgentAndThenForTheClaim) {
  run("box");
  kubectl({"delete", "sandbox", "box", "--cascade=foreground", "--wait=false"});
  EXPECT_TRUE(eventually([&] { return !at(claim(), "/metadata/deletionTimestamp").empty(); },
                         std::chrono::seconds(90)));
  EXPECT_TRUE(has_finalizer(claim(), api::kClaimFinalizer));
  let_go("box");
  EXPECT_TRUE(eventually([&] { return claim().is_null(); }));
  EXPECT_TRUE(is_gone("box"));
}

TEST_F(ClaimsTest, AClaimThatMayBeIsAdoptedAndAForeignOneLeftAlone) {
  make_claim("home-box", {{"metadata", {{"labels", {{"agents.x-k8s.io/adoptable", "true"}}}}}});
  create(templated("box"));
  EXPECT_TRUE(eventually([&] { return selected() == "node-1"; }));
  EXPECT_EQ(claim()["metadata"]["ownerReferences"][0]["uid"], get("box")["metadata"]["uid"]);
  EXPECT_TRUE(has_finalizer(claim(), "kubernetes.io/pvc-protection"));
  make_claim("home-other");
  const Json before = claim("home-other")["metadata"];
  create(templated("other"));
  EXPECT_TRUE(says("other", "persistentvolumeclaim \"home-other\" exists and has no label"));
  EXPECT_EQ(claim("home-other")["metadata"]["resourceVersion"], before["resourceVersion"]);
  EXPECT_EQ(node_of("other"), "");
}

TEST_F(ClaimsTest, AVolumeThatIsThereIsBound) {
  make(kVolumes, "",
       {{"metadata", {{"name", "disk"}}},
        {"spec",
         {{"storageClassName", "static"},
          {"accessModes", {"ReadWriteOnce"}},
          {"capacity", {{"storage", "5Gi"}}},
          {"nodeAffinity", only_on("node-1")},
          {"local", {{"path", "/mnt/disk"}}}}}});
  make_claim("data", {{"spec", {{"storageClassName", "static"}}}});
  create(naming("box", "data"));
  EXPECT_TRUE(becomes_bound("data"));
  EXPECT_EQ(at(claim("data"), "/spec/volumeName"), "disk");
  EXPECT_EQ(at(volume("disk"), "/metadata/annotations/pv.kubernetes.io~1bound-by-controller"),
            "yes");
  EXPECT_TRUE(has_finalizer(claim("data"), api::kClaimFinalizer));
  remove("box");
  EXPECT_TRUE(eventually([&] { return !has_finalizer(claim("data"), api::kClaimFinalizer); }));
  EXPECT_EQ(at(claim("data"), "/metadata/deletionTimestamp"), "");
}

TEST_F(ClaimsTest, WhatStandsInTheWayIsSaidAndGoneWhenItIsGone) {
  create(naming("box", "late"));
  EXPECT_TRUE(says("box", "persistentvolumeclaim \"late\" not found"));
  make_claim("late", {{"spec", {{"storageClassName", "later"}}}});
  EXPECT_TRUE(says("box", "pod has unbound immediate PersistentVolumeClaims"));
  make(kStorageClasses, "", storage_class("later", api::kLocalProvisioner));
  EXPECT_TRUE(eventually([&] { return node_of() == "node-1"; }));
}

TEST_F(ClaimsTest, AClaimForOnePodAloneIsTakenFromNobody) {
  make_claim("lone", {{"spec", {{"accessModes", {"ReadWriteOncePod"}}}}});
  Json rival = naming("rival", "lone")["spec"]["podTemplate"];
  rival["metadata"] = {{"name", "rival"}};
  rival["spec"]["nodeName"] = "elsewhere";
  rival["spec"]["automountServiceAccountToken"] = false;
  ask("POST", "/api/v1/namespaces/default/serviceaccounts", R"({"metadata": {"name": "rival"}})");
  rival["spec"]["serviceAccountName"] = "rival";
  make(kPods, "default", rival);
  create(naming("box", "lone"));
  const std::string taken = "ReadWriteOncePod access mode";
  EXPECT_TRUE(says("box", taken));
  EXPECT_EQ(node_of(), "");
  kubectl({"delete", "pod", "rival", "--force", "--grace-period=0"});
  kubectl({"delete", "serviceaccount", "rival"});
  EXPECT_TRUE(eventually([&] { return node_of() == "node-1"; }));
  create(naming("other", "lone"));
  EXPECT_TRUE(says("other", taken));
  remove("box");
  EXPECT_TRUE(eventually([&] { return node_of("other") == "node-1"; }));
}

TEST_F(ClaimsTest, ABurstOverbooksNoNodeWhileVolumesAreMade) {
  make_node("node-2");
  constexpr int kBoxes = 12;
  const auto name = [](int i) { return "burst-" + std::to_string(i); };
  for (int i = 0; i < kBoxes; ++i) create(templated(name(i)));
  std::map<std::string, int> made;
  std::set<int> done;
  EXPECT_TRUE(eventually([&] {
    for (int i = 0; i < kBoxes; ++i) {
      if (done.contains(i) || selected("home-" + name(i)).empty()) continue;
      done.insert(i);
      provision("home-" + name(i));
      ++made[node_of(name(i))];
    }
    return done.size() == 8;
  }));
  for (int i = 0; i < kBoxes; ++i) {
    if (done.contains(i)) continue;
    EXPECT_TRUE(says(name(i), "2 node(s) did not have enough free storage"));
  }
  EXPECT_EQ(made, (std::map<std::string, int>{{"node-1", 4}, {"node-2", 4}}));
  for (int i = 0; i < kBoxes; ++i) EXPECT_EQ(node_of(name(i)).empty(), !done.contains(i));
}

TEST_F(ClaimsTest, OneThatLosesItsNodeIsBoundOnlyWhereItsDataIs) {
  run("box");
  make_node("node-2");
  change({kNodes, "", "node-1", ""}, {{"spec", {{"unschedulable", true}}}});
  patch("box", {{"status", {{"nodeName", nullptr}}}}, "status");
  EXPECT_TRUE(says("box",
                   "1 node(s) didn't match PersistentVolume's node affinity, "
                   "1 node(s) were unschedulable"));
  change({kNodes, "", "node-1", ""}, {{"spec", {{"unschedulable", false}}}});
  EXPECT_TRUE(eventually([&] { return node_of() == "node-1"; }));
}

TEST_F(ClaimsTest, AShimThatIsKilledLeavesNothingHalfDone) {
  for (int i = 0; i < 4; ++i) {
    create(templated("storm-" + std::to_string(i)));
    const auto again = shim().kill_and_restart();
    ASSERT_TRUE(again) << again.error().message();
  }
  for (int i = 0; i < 4; ++i) {
    const std::string name = "storm-" + std::to_string(i);
    EXPECT_TRUE(
        eventually([&] { return selected("home-" + name) == "node-1"; }, std::chrono::seconds(60)))
        << name;
    EXPECT_TRUE(has_finalizer(claim("home-" + name), api::kClaimFinalizer));
  }
}

}  // namespace
}  // namespace sandboxlet::test
