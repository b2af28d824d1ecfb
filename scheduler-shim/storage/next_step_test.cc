#include "scheduler-shim/storage/next_step.h"

#include <gmock/gmock.h>

#include "scheduler-shim/read_claim_info.h"

namespace sandboxlet::storage {
namespace {

// The claim "home-box", which is to be the Sandbox "box"'s own, and which others may name.
class NextStepTest : public testing::Test {
 protected:
  static ClaimUser user(const std::string& name, bool is_own) {
    ClaimUser user;
    user.sandbox = {"default", name, "uid-" + name};
    user.claims = {{"home-box", is_own}};
    return user;
  }
  // As it is once it is made.
  void make() {
    claim_.emplace();
    claim_->namespace_ = "default";
    claim_->name = "home-box";
    claim_->uid = "uid-claim";
    claim_->controller_uid = "uid-box";
    claim_->controller = "Sandbox/box";
    claim_->is_protected = true;
    claim_->is_labelled = true;
  }
  void disown() {
    claim_->controller.clear();
    claim_->controller_uid.clear();
  }
  void set_class(const char* provisioner, bool waits_for_consumer = true) {
    class_.emplace();
    class_->provisioner = provisioner;
    class_->waits_for_consumer = waits_for_consumer;
  }
  std::string next() {
    Situation now;
    now.name = "home-box";
    if (claim_) now.claim = &*claim_;
    if (class_) now.storage_class = &*class_;
    now.is_node_gone = is_node_gone_;
    for (const ClaimUser& one : users_) now.users.push_back(&one);
    if (volume_ && awaited_by(now) != nullptr) now.volume = &*volume_;
    const auto step = next_step(now);
    if (!step) return "";
    const char* const kinds[] = {"create", "adopt",    "protect", "release",
                                 "select", "deselect", "bind"};
    std::string text = kinds[static_cast<size_t>(step->kind)];
    if (step->user != nullptr) text += " for " + step->user->sandbox.name;
    return text;
  }

  std::vector<ClaimUser> users_{user("box", true)};
  std::optional<scheduler::ClaimInfo> claim_;
  std::optional<scheduler::StorageClassInfo> class_;
  std::optional<scheduler::VolumeInfo> volume_;
  bool is_node_gone_ = false;
};

TEST_F(NextStepTest, AClaimIsMadeForWhomItIsToBelongTo) {
  EXPECT_EQ(next(), "create for box");
  make();
  EXPECT_EQ(next(), "");
}

TEST_F(NextStepTest, NoneIsMadeForWhoMerelyNamesItOrIsOnItsWayOut) {
  users_ = {user("other", false)};
  EXPECT_EQ(next(), "");
  users_ = {user("box", true)};
  users_[0].is_deleting = true;
  EXPECT_EQ(next(), "");
  users_[0].is_deleting = false;
  users_[0].has_ended = true;
  EXPECT_EQ(next(), "");
}

TEST_F(NextStepTest, OneThatNothingControlsIsAdoptedByItsLabelsAlone) {
  make();
  disown();
  claim_->is_protected = false;
  EXPECT_EQ(next(), "");
  claim_->is_adoptable = true;
  EXPECT_EQ(next(), "adopt for box");
  claim_->is_adoptable = false;
  claim_->name_hash = "70c67e32";
  EXPECT_EQ(next(), "adopt for box");
  claim_->name_hash = "0011aabb";
  EXPECT_EQ(next(), "");
  claim_->name_hash = "70c67e32";
  claim_->is_deleting = true;
  EXPECT_EQ(next(), "");
}

TEST_F(NextStepTest, AnothersIsLeftAlone) {
  make();
  claim_->controller_uid = "uid-of-an-earlier-one";
  claim_->is_protected = false;
  claim_->is_adoptable = true;
  EXPECT_EQ(next(), "");
  // It was in use by the earlier one.
  claim_->is_protected = true;
  EXPECT_EQ(next(), "release");
}

TEST_F(NextStepTest, OneThatIsNamedIsProtectedWhileAnySandboxUsesIt) {
  users_ = {user("one", false), user("two", false)};
  make();
  disown();
  claim_->is_protected = false;
  EXPECT_EQ(next(), "protect");
  claim_->is_protected = true;
  EXPECT_EQ(next(), "");
  users_.pop_back();
  EXPECT_EQ(next(), "");
  users_.pop_back();
  EXPECT_EQ(next(), "release");
  claim_->is_protected = false;
  EXPECT_EQ(next(), "");
}

TEST_F(NextStepTest, ADeletedClaimStaysUntilNoAgentHoldsItsSandbox) {
  make();
  claim_->is_deleting = true;
  EXPECT_EQ(next(), "");
  users_[0].is_deleting = true;
  users_[0].is_held_by_node = true;
  EXPECT_EQ(next(), "");
  users_[0].is_held_by_node = false;
  EXPECT_EQ(next(), "release");
}

TEST_F(NextStepTest, WhatIsDeletedIsNotProtectedAnew) {
  make();
  claim_->is_deleting = true;
  claim_->is_protected = false;
  EXPECT_EQ(next(), "");
}

// ---- Volumes

TEST_F(NextStepTest, ANodeIsSelectedOnceItsSandboxHasOne) {
  make();
  set_class("theirs.example.com");
  EXPECT_EQ(next(), "");
  users_[0].node = "node-1";
  EXPECT_EQ(next(), "select for box");
  claim_->selected_node = "node-1";
  claim_->is_labelled = false;
  EXPECT_EQ(next(), "select for box");
  claim_->is_labelled = true;
  EXPECT_EQ(next(), "");
}

TEST_F(NextStepTest, OnlyTheLocalProvisionerNeedsANodeAtOnce) {
  make();
  users_[0].node = "node-1";
  set_class("theirs.example.com", /*waits_for_consumer=*/false);
  EXPECT_EQ(next(), "");
  set_class("local.sandboxlet.io", /*waits_for_consumer=*/false);
  EXPECT_EQ(next(), "select for box");
  class_.reset();
  EXPECT_EQ(next(), "");
}

TEST_F(NextStepTest, WhatIsBoundOrPromisedOrLostWaitsForNoNode) {
  make();
  set_class("local.sandboxlet.io");
  users_[0].node = "node-1";
  claim_->volume_name = "v";
  EXPECT_EQ(next(), "");
  claim_->is_bound = true;
  EXPECT_EQ(next(), "");
  make();
  claim_->is_lost = true;
  EXPECT_EQ(next(), "");
}

TEST_F(NextStepTest, AVolumeThatIsThereComesBeforeOneThatIsToBeMade) {
  make();
  set_class("theirs.example.com");
  users_[0].node = "node-1";
  volume_.emplace();
  EXPECT_EQ(next(), "bind for box");
  volume_->claim_uid = "uid-claim";
  EXPECT_EQ(next(), "");
}

TEST_F(NextStepTest, WhereNothingMakesVolumesNoNodeIsSelected) {
  make();
  set_class("kubernetes.io/no-provisioner");
  users_[0].node = "node-1";
  EXPECT_EQ(next(), "");
}

TEST_F(NextStepTest, NothingIsMadeOnTheNodeOfWhoIsDeleted) {
  make();
  set_class("local.sandboxlet.io");
  users_[0].node = "node-1";
  users_[0].is_deleting = true;
  users_[0].is_held_by_node = true;
  EXPECT_EQ(next(), "");
}

TEST_F(NextStepTest, ANodeThatIsGoneIsSelectedNoMoreOnceNoSandboxIsThere) {
  make();
  set_class("local.sandboxlet.io");
  claim_->selected_node = "node-1";
  EXPECT_EQ(next(), "");
  is_node_gone_ = true;
  EXPECT_EQ(next(), "deselect");
  users_[0].node = "node-1";
  EXPECT_EQ(next(), "");
  users_[0].node.clear();
  claim_->volume_name = "pvc-1";
  EXPECT_EQ(next(), "");
}

// ---- What is written

const Json kClaim = Json::parse(R"({"metadata": {
    "uid": "u", "resourceVersion": "7", "finalizers": ["kubernetes.io/pvc-protection"],
    "ownerReferences": [{"kind": "Cat", "name": "x", "uid": "u-1"}]}})");

TEST(ClaimPatches, KeepWhatOthersHavePutThere) {
  const Json adopted = adopt_patch(kClaim, {"default", "box", "u-2"})["metadata"];
  EXPECT_EQ(adopted["ownerReferences"][0]["uid"], "u-1");
  EXPECT_EQ(adopted["ownerReferences"][1]["uid"], "u-2");
  EXPECT_EQ(adopted["finalizers"],
            Json::parse(R"(["kubernetes.io/pvc-protection", "sandboxlet.io/claim-in-use"])"));
  EXPECT_EQ(adopted["resourceVersion"], "7");
  EXPECT_EQ(protect_patch(kClaim)["metadata"]["finalizers"], adopted["finalizers"]);
  Json protected_one = kClaim;
  protected_one.merge_patch(protect_patch(kClaim));
  EXPECT_EQ(protect_patch(protected_one)["metadata"]["finalizers"], adopted["finalizers"]);
  EXPECT_EQ(release_patch(protected_one)["metadata"]["finalizers"],
            Json::parse(R"(["kubernetes.io/pvc-protection"])"));
}

TEST(ClaimPatches, ASelectedNodeIsKeptAndItsLabelFollowsIt) {
  scheduler::ClaimInfo claim;
  claim.uid = "u";
  claim.resource_version = "7";
  const std::string long_name(80, 'n');
  const scheduler::StorageClassInfo any_class;
  Json patch = select_node_patch(claim, any_class, long_name)["metadata"];
  EXPECT_EQ(patch["annotations"]["volume.kubernetes.io/selected-node"], long_name);
  EXPECT_EQ(patch["labels"]["sandboxlet.io/node"].get<std::string>().rfind("hash-", 0), 0U);
  claim.selected_node = "node-1";
  patch = select_node_patch(claim, any_class, "node-2")["metadata"];
  EXPECT_EQ(patch["labels"]["sandboxlet.io/node"], "node-1");
}

TEST(ClaimPatches, ASelectedNodeOfALocalClassComesWithItsProvisioner) {
  const scheduler::ClaimInfo claim;
  scheduler::StorageClassInfo storage_class;
  storage_class.provisioner = "csi.example.com";
  Json annotations = select_node_patch(claim, storage_class, "node-1")["metadata"]["annotations"];
  EXPECT_EQ(annotations.size(), 1U);
  storage_class.provisioner = "local.sandboxlet.io";
  annotations = select_node_patch(claim, storage_class, "node-1")["metadata"]["annotations"];
  for (const char* key : {"volume.kubernetes.io/storage-provisioner",
                          "volume.beta.kubernetes.io/storage-provisioner"}) {
    EXPECT_EQ(annotations[key], "local.sandboxlet.io");
  }
}

}  // namespace
}  // namespace sandboxlet::storage
