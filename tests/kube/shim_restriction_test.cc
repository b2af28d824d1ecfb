#include <gmock/gmock.h>

#include "scheduler-shim/eviction/guard_pod.h"
#include "tests/kube/manifests_test.h"
#include "tests/rig/eventually.h"

namespace sandboxlet::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr char kMergePatch[] = "application/merge-patch+json";

// The shim's account, held by a policy that takes a moment to hold.
class ShimRestrictionTest : public ManifestsTest {
 protected:
  void SetUp() override {
    ManifestsTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    shim_ = token("sandbox-shim");
    create_bound("held", "");
    ASSERT_TRUE(eventually(
        [&] { return patch("held?dryRun=All", spec_change()).find("HTTP/2 422") == 0; }));
  }
  void TearDown() override {
    if (IsSkipped() || HasFatalFailure()) return;
    ask("DELETE", kSandboxes + "/held");
    if (!has_deleted_) return;
    ask("PATCH", kSandboxes + "/deleted", R"({"metadata": {"finalizers": null}})", kMergePatch);
  }

  static json spec_change() { return {{"spec", {{"operatingMode", "Suspended"}}}}; }
  static json meta_change(const std::string& field, const json& value) {
    return {{"metadata", {{field, value}}}};
  }
  std::string patch(const std::string& name, const json& body) {
    return as(shim_, "PATCH", kSandboxes + "/" + name, body);
  }
  // Deleted, and kept by two finalizers: the nodes' and somebody's.
  void create_deleted(const std::string& node) {
    has_deleted_ = true;
    create_bound("deleted", node);
    ask("PATCH", kSandboxes + "/deleted",
        meta_change("finalizers", {"sandboxlet.io/agent", "example.com/theirs"}).dump(),
        kMergePatch);
    ask("DELETE", kSandboxes + "/deleted");
  }

  std::string shim_;
  bool has_deleted_ = false;
};

TEST_F(ShimRestrictionTest, TheShimChangesNoSandbox) {
  for (const json& change : {spec_change(), meta_change("labels", {{"team", "a"}}),
                             meta_change("annotations", {{"team", "a"}}),
                             meta_change("finalizers", json::array({"a.b/c"}))}) {
    EXPECT_THAT(patch("held", change), HasSubstr("HTTP/2 422")) << change;
  }
  create_deleted("");
  EXPECT_THAT(patch("deleted", spec_change()), HasSubstr("the shim changes no Sandbox"));
  EXPECT_THAT(patch("deleted", meta_change("labels", {{"team", "a"}})),
              HasSubstr("the shim changes no Sandbox"));
}

TEST_F(ShimRestrictionTest, TheShimLetsGoOfWhatIsDeletedAndOnNoNode) {
  create_deleted("");
  EXPECT_THAT(patch("deleted", meta_change("finalizers", {"example.com/theirs"})),
              HasSubstr("HTTP/2 200"));
}

TEST_F(ShimRestrictionTest, WhatIsOnANodeIsItsAgentsToLetGo) {
  create_deleted("mine");
  EXPECT_THAT(patch("deleted", meta_change("finalizers", {"example.com/theirs"})),
              HasSubstr("the shim lets go only of what is deleted and on no node"));
}

TEST_F(ShimRestrictionTest, TheShimTouchesOnlyServicesThatASandboxControls) {
  constexpr char kServices[] = "/api/v1/namespaces/default/services";
  constexpr char kRefusal[] = "the shim touches only what a Sandbox controls";
  const json spec = {{"ports", json::array({{{"port", 80}}})}};
  const json theirs = {{"metadata", {{"name", "theirs"}}}, {"spec", spec}};
  ask("POST", kServices, theirs.dump());
  const std::string path = std::string(kServices) + "/theirs";
  ASSERT_TRUE(eventually([&] {
    return as(shim_, "DELETE", path + "?dryRun=All").find(kRefusal) != std::string::npos;
  }));
  EXPECT_THAT(as(shim_, "PATCH", path, meta_change("labels", {{"a", "b"}})), HasSubstr(kRefusal));
  EXPECT_THAT(as(shim_, "POST", std::string(kServices) + "?dryRun=All",
                 {{"metadata", {{"name", "new"}}}, {"spec", spec}}),
              HasSubstr(kRefusal));
  ask("DELETE", path);
  const json owner = {{"apiVersion", "agents.x-k8s.io/v1beta1"},
                      {"kind", "Sandbox"},
                      {"name", "held"},
                      {"uid", "u-1"},
                      {"controller", true}};
  const json owned = {{"metadata", {{"name", "owned"}, {"ownerReferences", json::array({owner})}}},
                      {"spec", spec}};
  EXPECT_THAT(as(shim_, "POST", kServices, owned), HasSubstr("HTTP/2 201"));
  const std::string ours = std::string(kServices) + "/owned";
  EXPECT_THAT(as(shim_, "PATCH", ours, meta_change("labels", {{"a", "b"}})),
              HasSubstr("HTTP/2 200"));
  EXPECT_THAT(as(shim_, "DELETE", ours), HasSubstr("HTTP/2 200"));
}

// A claim in "default" that nothing controls, gone again with this object.
class ShimClaimsTest : public ShimRestrictionTest {
 protected:
  void SetUp() override {
    ShimRestrictionTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ask("POST", kClaims, claim("theirs").dump());
    ask("POST", kVolumes, volume("disk").dump());
    ASSERT_TRUE(eventually([&] {
      return patch_claim({{"labels", {{"a", "b"}}}}).find("HTTP/2 422") == 0 &&
             patch_volume({{"metadata", {{"labels", {{"a", "b"}}}}}}).find("HTTP/2 422") == 0;
    }));
  }
  void TearDown() override {
    if (!IsSkipped()) {
      ask("PATCH", kClaims + "/theirs", R"({"metadata": {"finalizers": null}})", kMergePatch);
      ask("DELETE", kClaims + "/theirs");
      ask("PATCH", kVolumes + "/disk", R"({"metadata": {"finalizers": null}})", kMergePatch);
      ask("DELETE", kVolumes + "/disk");
    }
    ShimRestrictionTest::TearDown();
  }

  static json claim(const std::string& name) {
    return {{"metadata", {{"name", name}}},
            {"spec",
             {{"accessModes", {"ReadWriteOnce"}},
              {"resources", {{"requests", {{"storage", "1Gi"}}}}}}}};
  }
  static json volume(const std::string& name) {
    return {{"metadata", {{"name", name}}},
            {"spec",
             {{"accessModes", {"ReadWriteOnce"}},
              {"capacity", {{"storage", "1Gi"}}},
              {"hostPath", {{"path", "/mnt/disk"}}}}}};
  }
  static json owner(const std::string& kind, bool is_controller) {
    return {{"apiVersion", "agents.x-k8s.io/v1beta1"},
            {"kind", kind},
            {"name", "held"},
            {"uid", "u-1"},
            {"controller", is_controller}};
  }
  std::string patch_claim(const json& metadata) {
    return as(shim_, "PATCH", kClaims + "/theirs?dryRun=All", {{"metadata", metadata}});
  }
  std::string patch_volume(const json& patch) {
    return as(shim_, "PATCH", kVolumes + "/disk?dryRun=All", patch);
  }

  const std::string kClaims = "/api/v1/namespaces/default/persistentvolumeclaims";
  const std::string kVolumes = "/api/v1/persistentvolumes";
};

TEST_F(ShimClaimsTest, TheShimMakesOnlyClaimsThatASandboxControls) {
  json object = claim("new");
  const std::string path = kClaims + "?dryRun=All";
  EXPECT_THAT(as(shim_, "POST", path, object),
              HasSubstr("the shim touches only what a Sandbox controls"));
  object["metadata"]["ownerReferences"] = json::array({owner("Sandbox", true)});
  EXPECT_THAT(as(shim_, "POST", path, object), HasSubstr("HTTP/2 201"));
}

TEST_F(ShimClaimsTest, OfAClaimTheShimWritesOnlyWhatIsItsOwn) {
  const json ours = {"sandboxlet.io/claim-in-use", "kubernetes.io/pvc-protection"};
  const json theirs = {"example.com/theirs", "kubernetes.io/pvc-protection"};
  for (const json& metadata : std::initializer_list<json>{
           {{"labels", {{"sandboxlet.io/node", "node-1"}}},
            {"annotations", {{"volume.kubernetes.io/selected-node", "node-1"}}}},
           {{"annotations",
             {{"volume.kubernetes.io/storage-provisioner", "local.sandboxlet.io"},
              {"volume.beta.kubernetes.io/storage-provisioner", "local.sandboxlet.io"}}}},
           {{"finalizers", ours}},
           {{"ownerReferences", json::array({owner("Sandbox", true)})}, {"finalizers", ours}}}) {
    EXPECT_THAT(patch_claim(metadata), HasSubstr("HTTP/2 200")) << metadata;
  }
  for (const json& metadata : std::initializer_list<json>{
           {{"labels", {{"team", "a"}}}},
           {{"annotations", {{"pv.kubernetes.io/bind-completed", "yes"}}}},
           {{"annotations", {{"volume.kubernetes.io/storage-provisioner", "csi"}}}},
           {{"finalizers", nullptr}},
           {{"finalizers", theirs}},
           {{"ownerReferences", json::array({owner("Sandbox", false)})}},
           {{"ownerReferences", json::array({owner("Cat", true)})}}}) {
    EXPECT_THAT(patch_claim(metadata), HasSubstr("HTTP/2 422")) << metadata;
  }
}

TEST_F(ShimClaimsTest, OfAVolumeTheShimWritesOnlyWhoseItIs) {
  json bound = {{"metadata", {{"annotations", {{"pv.kubernetes.io/bound-by-controller", "yes"}}}}},
                {"spec",
                 {{"claimRef",
                   {{"apiVersion", "v1"},
                    {"kind", "PersistentVolumeClaim"},
                    {"namespace", "default"},
                    {"name", "theirs"},
                    {"uid", "u-2"}}}}}};
  EXPECT_THAT(patch_volume(bound), HasSubstr("HTTP/2 200"));
  for (const json& patch :
       std::initializer_list<json>{{{"spec", {{"capacity", {{"storage", "2Gi"}}}}}},
                                   {{"spec", {{"persistentVolumeReclaimPolicy", "Delete"}}}},
                                   {{"metadata", {{"annotations", {{"team", "a"}}}}}},
                                   {{"metadata", {{"finalizers", nullptr}}}}}) {
    EXPECT_THAT(patch_volume(patch), HasSubstr("HTTP/2 422")) << patch;
  }
  ask("PATCH", kVolumes + "/disk", bound.dump(), kMergePatch);
  bound["spec"]["claimRef"]["uid"] = "u-3";
  EXPECT_THAT(patch_volume(bound), HasSubstr("the shim touches no volume that is a claim's"));
}

TEST_F(ShimRestrictionTest, OfPodsTheShimTouchesGuardsAlone) {
  const std::string pods = "/api/v1/namespaces/sandboxlet-system/pods";
  constexpr char kRefusal[] = "the shim touches only what a SandboxNode controls";
  const json owner{{"metadata", {{"uid", "u-1"}}}};
  const json guard = eviction::guard_pod("node-1", owner, "sandboxlet-system", "pause");
  json theirs = guard;
  theirs["metadata"]["name"] = "theirs";
  theirs["metadata"].erase("ownerReferences");
  ASSERT_TRUE(eventually([&] {
    return as(shim_, "POST", pods + "?dryRun=All", theirs).find(kRefusal) != std::string::npos;
  }));
  theirs["metadata"].erase("finalizers");
  ask("POST", pods, theirs.dump());
  EXPECT_THAT(as(shim_, "DELETE", pods + "/theirs"), HasSubstr(kRefusal));
  ask("DELETE", pods + "/theirs");
  EXPECT_THAT(as(shim_, "POST", "/api/v1/namespaces/default/pods", guard), HasSubstr("HTTP/2 403"));
  // One that could do something.
  for (const json& more : {json{{"hostNetwork", true}}, json{{"hostPID", true}},
                           json{{"serviceAccountName", "sandboxlet"}},
                           json{{"automountServiceAccountToken", nullptr}}}) {
    json strong = guard;
    strong["spec"].merge_patch(more);
    EXPECT_THAT(as(shim_, "POST", pods + "?dryRun=All", strong),
                HasSubstr("a guard can do nothing"))
        << more;
  }
  EXPECT_THAT(as(shim_, "POST", pods, guard), HasSubstr("HTTP/2 201"));
  const std::string ours = pods + "/sandboxlet-drain-guard-node-1";
  EXPECT_THAT(as(shim_, "PATCH", ours, meta_change("labels", {{"a", "b"}})),
              HasSubstr("the shim changes no Pod"));
  EXPECT_THAT(as(shim_, "DELETE", ours), HasSubstr("HTTP/2 200"));
  EXPECT_THAT(as(shim_, "PATCH", ours, meta_change("finalizers", nullptr)),
              HasSubstr("HTTP/2 200"));
}

TEST_F(ShimRestrictionTest, AGuardIsAllowedWhereverPodsAreRestricted) {
  const json label{{"pod-security.kubernetes.io/enforce", "restricted"}};
  const json restricted{{"metadata", {{"name", "guarded"}, {"labels", label}}}};
  ask("POST", "/api/v1/namespaces", restricted.dump());
  json guard =
      eviction::guard_pod("node-1", json{{"metadata", {{"uid", "u-1"}}}}, "guarded", "pause");
  const json account{{"metadata", {{"name", guard["spec"]["serviceAccountName"]}}}};
  ask("POST", "/api/v1/namespaces/guarded/serviceaccounts", account.dump());
  const json made = ask("POST", "/api/v1/namespaces/guarded/pods?dryRun=All", guard.dump());
  EXPECT_EQ(made["kind"], "Pod") << made;
}

TEST_F(ShimRestrictionTest, OthersChangeSandboxes) {
  ask("PATCH", kSandboxes + "/held", spec_change().dump(), kMergePatch);
  EXPECT_EQ(ask("GET", kSandboxes + "/held")["spec"]["operatingMode"], "Suspended");
}

}  // namespace
}  // namespace sandboxlet::test
