#include "scheduler-shim/volume_index.h"

#include <gmock/gmock.h>

#include "scheduler-shim/read_claim_info.h"
#include "scheduler-shim/testing/volumes.h"

namespace sandboxlet::scheduler {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kGi = int64_t{1} << 30;

class VolumeIndexTest : public testing::Test {
 protected:
  VolumeIndexTest() {
    set_class(storage_class_json("local", "local.sandboxlet.io"));
    set_class(storage_class_json("static", "kubernetes.io/no-provisioner"));
  }

  void set_class(const Json& object) {
    index_.set_class(object["metadata"]["name"], *read_storage_class(object));
  }
  Wakes set_claim(const Json& object) { return index_.set_claim(*read_claim(object)); }
  Wakes set_volume(const Json& object) { return index_.set_volume(*read_volume(object)); }
  // Unbound, of the class "static".
  std::vector<std::string> volumes_for(const Json& patch = Json::object()) {
    Json claim = claim_json("data", {{"spec", {{"storageClassName", "static"}}}});
    claim.merge_patch(patch);
    std::vector<std::string> names;
    for (const VolumeInfo* one : index_.volumes_for(*read_claim(claim))) names.push_back(one->name);
    return names;
  }
  int64_t used(const std::string& node = "n") const { return index_.local_bytes(node) / kGi; }
  static Json selected(const std::string& node) {
    return {{"metadata", {{"annotations", {{"volume.kubernetes.io/selected-node", node}}}}}};
  }
  static Json of(const std::string& claim, const std::string& uid = "") {
    Json ref{{"namespace", "default"}, {"name", claim}};
    if (!uid.empty()) ref["uid"] = uid;
    return {{"spec", {{"claimRef", ref}}}};
  }

  VolumeIndex index_;
};

// ---- What local volumes take

TEST_F(VolumeIndexTest, AVolumeCountsOnItsNodeFromItsClaimsSelectionToItsOwnEnd) {
  set_claim(claim_json("data"));
  EXPECT_EQ(used(), 0);
  set_claim(claim_json("data", selected("n")));
  EXPECT_EQ(used(), 1);
  set_volume(local_volume_json("pvc-uid-data", "1Gi", "n", of("data", "uid-data")));
  EXPECT_EQ(used(), 1);
  set_claim(bound_claim_json("data", "pvc-uid-data", selected("n")));
  EXPECT_EQ(used(), 1);
  index_.remove_claim("default/data");
  EXPECT_EQ(used(), 1);
  EXPECT_EQ(index_.remove_volume("pvc-uid-data"), kVolumesChanged);
  EXPECT_EQ(used(), 0);
}

TEST_F(VolumeIndexTest, WhichOfThemIsToldFirstDoesNotMatter) {
  set_volume(local_volume_json("pvc-uid-data", "1Gi", "n", of("data", "uid-data")));
  set_claim(claim_json("data", selected("n")));
  EXPECT_EQ(used(), 1);
  index_.remove_volume("pvc-uid-data");
  set_claim(bound_claim_json("data", "pvc-uid-data", selected("n")));
  EXPECT_EQ(used(), 1);
}

TEST_F(VolumeIndexTest, AnUnboundClaimCountsWhereWhoUsesItIs) {
  set_claim(claim_json("data"));
  index_.enter("default/data", "u-1", "n");
  EXPECT_EQ(used(), 1);
  // As the cache does, when the watch confirms what was assumed.
  index_.enter("default/data", "u-1", "n");
  index_.leave("default/data", "u-1", "n");
  EXPECT_EQ(used(), 1);
  index_.leave("default/data", "u-1", "n");
  EXPECT_EQ(used(), 0);
}

TEST_F(VolumeIndexTest, ClaimsMayBeToldAfterTheirUsersAndClassesAfterBoth) {
  index_.remove_class("local");
  index_.enter("default/data", "u-1", "n");
  set_claim(claim_json("data"));
  EXPECT_EQ(used(), 0);
  set_class(storage_class_json("local", "local.sandboxlet.io"));
  EXPECT_EQ(used(), 1);
}

TEST_F(VolumeIndexTest, AClaimThatLostItsVolumeTakesNothing) {
  set_claim(bound_claim_json("data", "v", selected("n")));
  EXPECT_EQ(used(), 1);
  Json lost = bound_claim_json("data", "v", selected("n"));
  lost["status"]["phase"] = "Lost";
  EXPECT_EQ(set_claim(lost), kVolumesChanged);
  EXPECT_EQ(used(), 0);
}

TEST_F(VolumeIndexTest, OtherClassesTakeNothing) {
  Json patch = selected("n");
  patch["spec"]["storageClassName"] = "static";
  set_claim(claim_json("data", patch));
  EXPECT_EQ(used(), 0);
}

TEST_F(VolumeIndexTest, OnlyMoreRoomWakes) {
  EXPECT_EQ(set_claim(claim_json("data", selected("n"))), kNothing);
  EXPECT_EQ(set_volume(local_volume_json("pvc-uid-data", "1Gi", "n", of("data", "uid-data"))),
            kNothing);
  EXPECT_EQ(set_claim(bound_claim_json("data", "pvc-uid-data", selected("n"))), kNothing);
  EXPECT_EQ(index_.remove_claim("default/data"), kNothing);
  set_claim(claim_json("other", selected("n")));
  EXPECT_EQ(index_.remove_claim("default/other"), kVolumesChanged);
}

// ---- Volumes that are there

TEST_F(VolumeIndexTest, TheSmallestThatIsLargeEnoughComesFirst) {
  for (const char* size : {"3Gi", "500Mi", "1Gi", "2Gi"}) set_volume(volume_json(size, size));
  EXPECT_THAT(volumes_for(), ElementsAre("1Gi", "2Gi", "3Gi"));
}

TEST_F(VolumeIndexTest, OnlyOneThatIsFreeAndOfItsKindDoes) {
  const auto refuses = [&](const Json& volume, const Json& claim = Json::object()) {
    set_volume(volume_json("v", "1Gi", {}, volume));
    const bool is_refused = volumes_for(claim).empty();
    set_volume(volume_json("v", "1Gi"));
    EXPECT_THAT(volumes_for(), ElementsAre("v"));
    return is_refused;
  };
  EXPECT_TRUE(refuses(json(R"({"status": {"phase": "Released"}})")));
  EXPECT_TRUE(refuses(json(R"({"metadata": {"deletionTimestamp": "2026-01-02T03:04:05Z"}})")));
  EXPECT_TRUE(refuses(json(R"({"spec": {"volumeMode": "Block"}})")));
  EXPECT_TRUE(refuses(json(R"({"spec": {"accessModes": ["ReadOnlyMany"]}})")));
  EXPECT_TRUE(refuses(json(R"({"spec": {"storageClassName": "other"}})")));
  EXPECT_TRUE(refuses(Json::object(),
                      json(R"({"spec": {"selector": {"matchLabels": {"disk": "fast"}}}})")));
  EXPECT_FALSE(refuses(json(R"({"metadata": {"labels": {"disk": "fast"}}})"),
                       json(R"({"spec": {"selector": {"matchLabels": {"disk": "fast"}}}})")));
}

TEST_F(VolumeIndexTest, OneThatIsKeptForAClaimByNameIsThatClaims) {
  set_volume(volume_json("small", "1Gi"));
  set_volume(volume_json("large", "2Gi", {}, of("data")));
  EXPECT_THAT(volumes_for(), ElementsAre("large", "small"));
  set_volume(volume_json("large", "2Gi", {}, of("other")));
  EXPECT_THAT(volumes_for(), ElementsAre("small"));
  set_volume(volume_json("large", "2Gi", {}, of("data", "uid-of-an-earlier-one")));
  EXPECT_THAT(volumes_for(), ElementsAre("small"));
}

TEST_F(VolumeIndexTest, WhatIsReservedIsNobodyElsesUntilItsUsersAreGone) {
  set_volume(volume_json("v", "1Gi"));
  set_volume(volume_json("w", "2Gi"));
  index_.enter("default/other", "u-1", "n");
  index_.reserve("v", "default/other");
  EXPECT_THAT(volumes_for(), ElementsAre("w"));
  index_.leave("default/other", "u-1", "n");
  EXPECT_THAT(volumes_for(), ElementsAre("v", "w"));
  index_.enter("default/data", "u-1", "n");
  index_.reserve("w", "default/data");
  EXPECT_THAT(volumes_for(), ElementsAre("w", "v"));
}

TEST_F(VolumeIndexTest, OneThatComesFreeWakes) {
  EXPECT_EQ(set_volume(volume_json("v", "1Gi")), kVolumesChanged);
  EXPECT_EQ(set_volume(volume_json("v", "1Gi")), kNothing);
  index_.remove_volume("v");
  EXPECT_THAT(volumes_for(), IsEmpty());
}

}  // namespace
}  // namespace sandboxlet::scheduler
