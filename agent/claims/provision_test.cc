#include "agent/claims/provision.h"

#include <gtest/gtest.h>

#include "agent/claims/persistent_volume.h"
#include "agent/claims/testing/objects.h"

namespace sandboxlet::agent {
namespace {

using Json = nlohmann::json;

Result<NewVolume> wanted(const Json& claim_patch, const Json& class_patch = Json::object()) {
  return new_volume(read_claim(waiting_claim(claim_patch)), read_class(test_class(class_patch)));
}

std::string refusal(const Json& claim_patch, const Json& class_patch = Json::object()) {
  const auto volume = wanted(claim_patch, class_patch);
  if (volume) return "";
  EXPECT_EQ(volume.error().code(), Code::kInvalidArgument);
  return volume.error().message();
}

TEST(NewVolume, IsOfTheClaimsSizeAndTheClassesMode) {
  const auto directory = wanted({});
  ASSERT_TRUE(directory) << directory.error().message();
  EXPECT_EQ(directory->mode, VolumeMode::kDirectory);
  EXPECT_EQ(directory->size, int64_t{1} << 30);
  EXPECT_EQ(directory->claim, (ClaimReference{"default", "data-box", "u-1"}));
  EXPECT_EQ(wanted({}, {{"parameters", {{"mode", "image"}}}})->mode, VolumeMode::kImage);
  EXPECT_EQ(wanted({}, {{"parameters", nullptr}})->mode, VolumeMode::kImage);
}

// Never ignored: who asked for it would believe that it is so.
TEST(NewVolume, WhatNoVolumeOfANodeCanBeIsRefusedByItsField) {
  const auto spec = [](const Json& fields) { return Json{{"spec", fields}}; };
  EXPECT_EQ(refusal(spec({{"volumeMode", "Block"}})), "spec.volumeMode: Block is not supported");
  EXPECT_EQ(refusal(spec({{"dataSource", {{"kind", "VolumeSnapshot"}, {"name", "s"}}}})),
            "spec.dataSource: is not supported");
  EXPECT_EQ(refusal(spec({{"dataSourceRef", {{"kind", "VolumeSnapshot"}, {"name", "s"}}}})),
            "spec.dataSourceRef: is not supported");
  EXPECT_EQ(refusal(spec({{"selector", {{"matchLabels", {{"a", "b"}}}}}})),
            "spec.selector: is not supported");
  EXPECT_EQ(refusal(spec({{"volumeAttributesClassName", "gold"}})),
            "spec.volumeAttributesClassName: is not supported");
  EXPECT_EQ(refusal(spec({{"accessModes", {"ReadWriteOnce", "ReadWriteMany"}}})),
            "spec.accessModes: ReadWriteMany is of several nodes, and the volume is on one");
}

TEST(NewVolume, WhatAClassSaysBesideTheModeIsRefusedByItsField) {
  EXPECT_EQ(refusal({}, {{"parameters", {{"fsType", "xfs"}}}}), "parameters.fsType: is not known");
  EXPECT_EQ(refusal({}, {{"parameters", {{"mode", "block"}}}}),
            "parameters.mode: \"block\" is neither \"image\" nor \"directory\"");
  EXPECT_EQ(refusal({}, {{"mountOptions", {"noatime"}}}), "mountOptions: is not supported");
  EXPECT_EQ(refusal({}, {{"allowedTopologies", {Json::object()}}}),
            "allowedTopologies: is not supported");
}

TEST(VolumeObject, IsReadAsOfThisNodeAndOfItsClaim) {
  const KnownClaim claim = read_claim(waiting_claim());
  const VolumeRecord made{VolumeMode::kImage, int64_t{1} << 30, claim.ref};
  const Json object = volume_object(claim, read_class(test_class()), made, kTestNode);
  const KnownVolume volume = read_volume(object);
  EXPECT_EQ(volume.name, "pvc-u-1");
  EXPECT_EQ(volume.claim, claim.ref);
  EXPECT_EQ(volume.reclaim_policy, "Delete");
  EXPECT_EQ(volume.finalizers, std::vector<std::string>{"sandboxlet.io/local-volume"});
  EXPECT_TRUE(is_of_node(volume, kTestNode));
  EXPECT_FALSE(is_of_node(volume, "node-2"));
  EXPECT_EQ(std::get<NodeVolume>(volume.source.source).name, "pvc-u-1");
  EXPECT_EQ(object["spec"]["capacity"]["storage"], "1Gi");
  EXPECT_EQ(object["spec"]["csi"]["volumeAttributes"]["mode"], "image");
  EXPECT_EQ(object["metadata"]["labels"]["sandboxlet.io/node"], kTestNode);
  EXPECT_EQ(object["metadata"]["annotations"]["pv.kubernetes.io/provisioned-by"],
            "local.sandboxlet.io");
}

TEST(VolumeObject, TellsTheSizeThatWasMade) {
  const KnownClaim claim =
      read_claim(waiting_claim({{"spec", {{"resources", {{"requests", {{"storage", "1M"}}}}}}}}));
  const VolumeRecord made{VolumeMode::kImage, int64_t{16} << 20, claim.ref};
  const Json object = volume_object(claim, read_class(test_class()), made, kTestNode);
  EXPECT_EQ(object["spec"]["capacity"]["storage"], "16777216");
}

}  // namespace
}  // namespace sandboxlet::agent
