#include "agent/claims/local_provisioner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <fstream>

#include "agent/claims/testing/storage_node.h"
#include "agent/volume/testing.h"
#include "kube/fields.h"

namespace sandboxlet::agent {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kGiB = int64_t{1} << 30;

Json asking_for(const std::string& size) {
  return {{"spec", {{"resources", {{"requests", {{"storage", size}}}}}}}};
}

class LocalProvisionerTest : public testing::Test {
 protected:
  LocalProvisionerTest() { spdlog::set_level(spdlog::level::off); }

  // What was made for the claim, once it is bound.
  std::string provision(const Json& patch = Json::object()) {
    node_.create_claim(patch);
    settle();
    return kube::text_at(node_.claim(), "/spec/volumeName");
  }
  void settle() {
    for (int round = 0; round < 3; ++round) {
      node_.run_for(1s);
      node_.control();
    }
    node_.run_for(1s);
  }
  void set_policy(const std::string& volume, const std::string& policy) {
    node_.patch_volume(volume, {{"spec", {{"persistentVolumeReclaimPolicy", policy}}}});
  }
  // Nobody but this test decides whether it is used.
  std::string stage(const std::string& volume, const std::string& uid = "u-9") {
    const auto path = node_.sandboxes().stage(uid, {"data", PersistentVolume{NodeVolume{volume}}});
    EXPECT_TRUE(path) << path.error().message();
    return path.value_or("");
  }

  const Scratch scratch_;
  StorageNode node_{scratch_.path(), 4 * kGiB};
};

TEST_F(LocalProvisionerTest, AClaimThatWaitsForThisNodeGetsItsVolume) {
  const std::string volume = provision();
  EXPECT_EQ(volume, "pvc-" + kube::text_at(node_.claim(), "/metadata/uid"));
  EXPECT_THAT(node_.on_disk(), ElementsAre(volume));
  EXPECT_THAT(node_.events(), ElementsAre("ProvisioningSucceeded"));
}

TEST_F(LocalProvisionerTest, AClaimOfAnothersClassIsLeftAlone) {
  const kube::ObjectRef ref{kube::kStorageClasses, "", "standard", ""};
  node_.server().objects().create(ref, test_class({{"provisioner", "ebs.csi.aws.com"}}));
  EXPECT_EQ(provision({{"spec", {{"storageClassName", "standard"}}}}), "");
  EXPECT_THAT(node_.on_disk(), IsEmpty());
  EXPECT_THAT(node_.events(), IsEmpty());
}

TEST_F(LocalProvisionerTest, WhatCannotBeMadeIsToldByItsFieldAndMadeOnceItCan) {
  EXPECT_EQ(provision({{"spec", {{"volumeMode", "Block"}}}}), "");
  EXPECT_THAT(node_.events(), ElementsAre("ProvisioningFailed"));
  EXPECT_EQ(node_.last_note(),
            "failed to provision volume with StorageClass \"sandboxlet-local-directory\": "
            "spec.volumeMode: Block is not supported");
}

TEST_F(LocalProvisionerTest, WhatDoesNotFitIsToldAndMadeOnceThereIsRoom) {
  ASSERT_TRUE(node_.disk().create("other", {VolumeMode::kDirectory, 4 * kGiB, {"a", "b", "c"}}));
  // Else it would go at once, as nobody knows it.
  std::ofstream(stage("other") + "/file") << "kept";
  EXPECT_EQ(provision(), "");
  EXPECT_THAT(node_.last_note(),
              HasSubstr("1073741824 bytes do not fit: 0 of 4294967296 are left"));
  ASSERT_TRUE(node_.disk().remove("other"));
  node_.run_for(2min);
  settle();
  EXPECT_NE(kube::text_at(node_.claim(), "/spec/volumeName"), "");
}

TEST_F(LocalProvisionerTest, AVolumeGoesWithItsClaim) {
  const std::string volume = provision();
  node_.remove_claim();
  settle();
  EXPECT_TRUE(node_.volume(volume).is_null());
  EXPECT_THAT(node_.on_disk(), IsEmpty());
}

TEST_F(LocalProvisionerTest, AVolumeThatASandboxStillUsesGoesAfterIt) {
  const std::string volume = provision();
  stage(volume);
  node_.remove_claim();
  settle();
  EXPECT_THAT(node_.on_disk(), ElementsAre(volume));
  ASSERT_TRUE(node_.sandboxes().unstage_all("u-9"));
  node_.run_for(2min);
  EXPECT_THAT(node_.on_disk(), IsEmpty());
  EXPECT_THAT(node_.volumes(), IsEmpty());
}

TEST_F(LocalProvisionerTest, WhatIsToBeRetainedIsKeptWhateverBecomesOfItsObjects) {
  const std::string volume = provision();
  set_policy(volume, "Retain");
  std::ofstream(stage(volume) + "/file") << "kept";
  ASSERT_TRUE(node_.sandboxes().unstage_all("u-9"));
  node_.remove_claim();
  settle();
  EXPECT_FALSE(node_.volume(volume).is_null());
  const kube::ObjectRef ref{kube::kPersistentVolumes, "", volume, ""};
  node_.server().objects().remove(ref);
  settle();
  EXPECT_TRUE(node_.volume(volume).is_null());
  node_.kill_agent();
  node_.start_agent();
  settle();
  EXPECT_THAT(node_.on_disk(), ElementsAre(volume));
}

TEST_F(LocalProvisionerTest, AVolumeIsDeletedOnceNoClaimHasIt) {
  const std::string volume = provision();
  const kube::ObjectRef ref{kube::kPersistentVolumes, "", volume, ""};
  node_.server().objects().remove(ref);
  settle();
  EXPECT_THAT(node_.on_disk(), ElementsAre(volume));
  node_.remove_claim();
  settle();
  EXPECT_TRUE(node_.volume(volume).is_null());
  EXPECT_THAT(node_.on_disk(), IsEmpty());
}

TEST_F(LocalProvisionerTest, AClaimThatAsksForMoreIsToldThatItHasIt) {
  const std::string volume = provision();
  node_.patch_claim(asking_for("2Gi"));
  settle();
  EXPECT_EQ(kube::text_at(node_.volume(volume), "/spec/capacity/storage"), "2Gi");
  EXPECT_EQ(kube::text_at(node_.claim(), "/status/capacity/storage"), "2Gi");
  EXPECT_EQ(node_.disk().list()->front().record.size, 2 * kGiB);
  EXPECT_THAT(node_.events(), Contains("VolumeResizeSuccessful"));
}

TEST_F(LocalProvisionerTest, MoreThanThereIsIsToldAndChangesNothing) {
  const std::string volume = provision();
  node_.patch_claim(asking_for("5Gi"));
  settle();
  EXPECT_EQ(kube::text_at(node_.volume(volume), "/spec/capacity/storage"), "1Gi");
  EXPECT_EQ(kube::text_at(node_.claim(), "/status/capacity/storage"), "1Gi");
  EXPECT_THAT(node_.events(), Contains("VolumeResizeFailed"));
}

// ---- After a death

TEST_F(LocalProvisionerTest, WhatWasMadeForAClaimThatIsGoneIsRemoved) {
  node_.kill_agent();
  ASSERT_TRUE(
      node_.disk().create("pvc-u-7", {VolumeMode::kDirectory, kGiB, {"default", "x", "u-7"}}));
  node_.start_agent();
  settle();
  EXPECT_THAT(node_.on_disk(), IsEmpty());
}

TEST_F(LocalProvisionerTest, WhatHoldsDataAndIsKnownToNobodyIsKept) {
  node_.kill_agent();
  ASSERT_TRUE(
      node_.disk().create("pvc-u-7", {VolumeMode::kDirectory, kGiB, {"default", "x", "u-7"}}));
  std::ofstream(stage("pvc-u-7") + "/file") << "kept";
  ASSERT_TRUE(node_.sandboxes().unstage_all("u-9"));
  node_.start_agent();
  settle();
  EXPECT_THAT(node_.on_disk(), ElementsAre("pvc-u-7"));
}

TEST_F(LocalProvisionerTest, WhatWasMadeHereForAClaimThatWaitsForAnotherNodeNowIsRemoved) {
  const std::string uid = kube::text_at(
      node_.create_claim(
          {{"metadata", {{"annotations", {{"volume.kubernetes.io/selected-node", "node-2"}}}}}}),
      "/metadata/uid");
  node_.kill_agent();
  ASSERT_TRUE(node_.disk().create("pvc-" + uid,
                                  {VolumeMode::kDirectory, kGiB, {"default", "data-box", uid}}));
  node_.start_agent();
  settle();
  EXPECT_THAT(node_.on_disk(), IsEmpty());
}

// A claim's whole life: made, grown, gone. False where it ended before the death came.
bool tell_story(int death, bool finish_calls) {
  const Scratch scratch;
  StorageNode node(scratch.path(), 4 * kGiB);
  int steps = 0;
  const auto until = [&](auto done) {
    for (int i = 0; i < 20'000 && !done(); ++i) {
      node.step();
      node.control();
      if (++steps != death) continue;
      node.kill_agent(finish_calls);
      ASSERT_TRUE(node.disk().recover());
      node.start_agent();
    }
    ASSERT_TRUE(done());
  };
  node.create_claim();
  until([&] { return kube::text_at(node.claim(), "/status/phase") == "Bound"; });
  EXPECT_EQ(node.on_disk().size(), 1u);
  EXPECT_EQ(node.volumes().size(), 1u);
  node.patch_claim(asking_for("2Gi"));
  until([&] { return kube::text_at(node.claim(), "/status/capacity/storage") == "2Gi"; });
  EXPECT_EQ(node.disk().list()->front().record.size, 2 * kGiB);
  node.remove_claim();
  until([&] { return node.on_disk().empty() && node.volumes().empty(); });
  // One whose claim goes before it is made.
  node.create_claim();
  node.step();
  node.remove_claim();
  node.run_for(1min);
  until([&] { return node.on_disk().empty() && node.volumes().empty(); });
  return steps >= death;
}

TEST_F(LocalProvisionerTest, ADeathAtAnyAwaitLosesNothingAndLeavesNothing) {
  for (const bool finish_calls : {true, false}) {
    int death = 1;
    for (; !HasFailure(); ++death) {
      SCOPED_TRACE(testing::Message() << "death after step " << death << ", calls "
                                      << (finish_calls ? "are finished" : "are dropped"));
      if (!tell_story(death, finish_calls)) break;
    }
    EXPECT_GT(death, 50) << "the story is too short to tell anything";
  }
}

}  // namespace
}  // namespace sandboxlet::agent
