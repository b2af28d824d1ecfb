#include "agent/claims/next_step.h"

#include <gtest/gtest.h>

#include "agent/claims/testing/objects.h"

namespace sandboxlet::agent {
namespace {

using Json = nlohmann::json;

const Json kSource{{"csi", {{"driver", "local.sandboxlet.io"}, {"volumeHandle", "pvc-u-1"}}}};

KnownVolume volume(const std::string& phase, const std::string& policy, bool deleting = false) {
  Json patch{{"metadata", {{"name", "pvc-u-1"}, {"finalizers", {"sandboxlet.io/local-volume"}}}},
             {"spec", {{"persistentVolumeReclaimPolicy", policy}}},
             {"status", {{"phase", phase}}}};
  if (deleting) patch["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
  return read_volume(bound_volume(kSource, patch));
}

VolumeStep step(const KnownVolume& volume, const Json& claim = nullptr) {
  const KnownClaim known = claim.is_null() ? KnownClaim() : read_claim(claim);
  return next_step(&volume, claim.is_null() ? nullptr : &known, true, kTestNode);
}

VolumeStep step_without_volume(const Json& claim, bool is_on_disk = false) {
  const KnownClaim known = claim.is_null() ? KnownClaim() : read_claim(claim);
  return next_step(nullptr, claim.is_null() ? nullptr : &known, is_on_disk, kTestNode);
}

Json asking_for(const std::string& size) {
  return bound_claim("pvc-u-1", {{"spec", {{"resources", {{"requests", {{"storage", size}}}}}}}});
}

TEST(NextStep, AClaimThatWaitsForThisNodeIsProvisioned) {
  EXPECT_EQ(step_without_volume(waiting_claim()), VolumeStep::kProvision);
  // Also where its volume was made and nobody has heard of it.
  EXPECT_EQ(step_without_volume(waiting_claim(), true), VolumeStep::kProvision);
}

TEST(NextStep, AClaimThatDoesNotWaitForThisNodeIsLeftAlone) {
  const auto annotated = [](const char* key, const Json& value) {
    return waiting_claim({{"metadata", {{"annotations", {{key, value}}}}}});
  };
  EXPECT_EQ(step_without_volume(annotated("volume.kubernetes.io/selected-node", nullptr)),
            VolumeStep::kNone);
  EXPECT_EQ(step_without_volume(annotated("volume.kubernetes.io/selected-node", "node-2")),
            VolumeStep::kNone);
  EXPECT_EQ(step_without_volume(annotated("volume.kubernetes.io/storage-provisioner", "another")),
            VolumeStep::kNone);
  EXPECT_EQ(step_without_volume(bound_claim("another")), VolumeStep::kNone);
  EXPECT_EQ(step_without_volume(
                waiting_claim({{"metadata", {{"deletionTimestamp", "2026-01-01T00:00:00Z"}}}})),
            VolumeStep::kNone);
}

TEST(NextStep, WhatIsReleasedIsReclaimedWhereItsPolicySaysSo) {
  EXPECT_EQ(step(volume("Released", "Delete")), VolumeStep::kReclaim);
  EXPECT_EQ(step(volume("Failed", "Delete")), VolumeStep::kReclaim);
  EXPECT_EQ(step(volume("Released", "Retain")), VolumeStep::kNone);
  EXPECT_EQ(step(volume("Bound", "Delete")), VolumeStep::kNone);
  EXPECT_EQ(step(volume("Available", "Delete")), VolumeStep::kNone);
  // What is behind it has gone, and others hold its object yet.
  KnownVolume gone = volume("Released", "Delete", true);
  gone.finalizers = {"kubernetes.io/pv-protection"};
  EXPECT_EQ(step(gone), VolumeStep::kNone);
  // A death came before its deletion.
  gone.is_deleting = false;
  EXPECT_EQ(step(gone), VolumeStep::kReclaim);
}

TEST(NextStep, ADeletedVolumeGoesOnceNoClaimHasIt) {
  EXPECT_EQ(step(volume("Bound", "Delete", true)), VolumeStep::kNone);
  EXPECT_EQ(step(volume("Available", "Delete", true)), VolumeStep::kReclaim);
  EXPECT_EQ(step(volume("Bound", "Retain", true)), VolumeStep::kNone);
  EXPECT_EQ(step(volume("Released", "Retain", true)), VolumeStep::kLetGo);
  KnownVolume let_go = volume("Released", "Retain", true);
  let_go.finalizers = {"another"};
  EXPECT_EQ(step(let_go), VolumeStep::kNone);
}

TEST(NextStep, AClaimThatAsksForMoreGetsIt) {
  EXPECT_EQ(step(volume("Bound", "Delete"), asking_for("1Gi")), VolumeStep::kNone);
  EXPECT_EQ(step(volume("Bound", "Delete"), asking_for("2Gi")), VolumeStep::kExpand);
  // A death came before it was told.
  Json untold = asking_for("1Gi");
  untold["status"]["capacity"]["storage"] = "500Mi";
  EXPECT_EQ(step(volume("Bound", "Delete"), untold), VolumeStep::kExpand);
  Json pending = asking_for("1Gi");
  pending["status"]["conditions"] = {{{"type", "FileSystemResizePending"}, {"status", "True"}}};
  EXPECT_EQ(step(volume("Bound", "Delete"), pending), VolumeStep::kExpand);
  Json unbound = asking_for("2Gi");
  unbound["status"]["phase"] = "Pending";
  EXPECT_EQ(step(volume("Bound", "Delete"), unbound), VolumeStep::kNone);
}

TEST(NextStep, WhatIsOnDiskAndKnownToNobodyIsAskedFor) {
  EXPECT_EQ(step_without_volume(nullptr, true), VolumeStep::kLookAround);
  EXPECT_EQ(step_without_volume(nullptr, false), VolumeStep::kNone);
}

TEST(NextStep, VolumesOfOthersAreLeftAlone) {
  KnownVolume foreign = volume("Released", "Delete");
  foreign.source = {HostPath{"/x", ""}};
  EXPECT_EQ(step(foreign), VolumeStep::kNone);
}

}  // namespace
}  // namespace sandboxlet::agent
