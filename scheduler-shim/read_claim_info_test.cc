#include "scheduler-shim/read_claim_info.h"

#include <gmock/gmock.h>

#include "scheduler-shim/testing/volumes.h"

namespace sandboxlet::scheduler {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kGi = int64_t{1} << 30;

TEST(ReadClaim, WhatCountsOfItIsRead) {
  const auto claim = read_claim(bound_claim_json("data", "v", json(R"({
    "metadata": {"labels": {"sandboxlet.io/node": "n", "agents.x-k8s.io/adoptable": "true",
                            "agents.x-k8s.io/sandbox-name-hash": "0011aabb"},
                 "annotations": {"volume.kubernetes.io/selected-node": "n"},
                 "ownerReferences": [{"kind": "Cat", "name": "x", "uid": "u-1"},
                                     {"kind": "Sandbox", "name": "box", "uid": "u-2",
                                      "controller": true}]},
    "spec": {"accessModes": ["ReadWriteOncePod"]}})")));
  ASSERT_TRUE(claim) << claim.error().message();
  EXPECT_EQ(claim->key(), "default/data");
  EXPECT_EQ(claim->uid, "uid-data");
  EXPECT_EQ(claim->class_name, "local");
  EXPECT_EQ(claim->volume_name, "v");
  EXPECT_EQ(claim->request, kGi);
  EXPECT_EQ(claim->access_modes, kReadWriteOncePod);
  EXPECT_EQ(claim->selected_node, "n");
  EXPECT_EQ(claim->controller_uid, "u-2");
  EXPECT_EQ(claim->controller, "Sandbox/box");
  EXPECT_EQ(claim->name_hash, "0011aabb");
  EXPECT_TRUE(claim->is_bound && claim->is_protected && claim->is_labelled && claim->is_adoptable);
  EXPECT_FALSE(claim->is_deleting || claim->is_lost || claim->is_block);
}

TEST(ReadClaim, OneIsBoundOnceThatIsComplete) {
  EXPECT_FALSE(read_claim(claim_json("data", {{"spec", {{"volumeName", "v"}}}}))->is_bound);
  EXPECT_TRUE(read_claim(bound_claim_json("data", "v"))->is_bound);
}

TEST(ReadClaim, ANodeWithoutItsLabelIsSeen) {
  const Json selected{
      {"metadata", {{"annotations", {{"volume.kubernetes.io/selected-node", "n"}}}}}};
  EXPECT_FALSE(read_claim(claim_json("data", selected))->is_labelled);
  EXPECT_TRUE(read_claim(claim_json("data"))->is_labelled);
}

TEST(ReadVolume, WhereItIsAndWhoHasItIsRead) {
  const auto volume = read_volume(local_volume_json("pvc-1", "2Gi", "n", json(R"({
    "spec": {"claimRef": {"namespace": "default", "name": "data", "uid": "u-1"}}})")));
  ASSERT_TRUE(volume) << volume.error().message();
  EXPECT_EQ(volume->local_node, "n");
  EXPECT_EQ(volume->capacity, 2 * kGi);
  EXPECT_EQ(volume->claim_namespace + "/" + volume->claim_name, "default/data");
  EXPECT_EQ(volume->claim_uid, "u-1");
  EXPECT_FALSE(volume->is_available);
  EXPECT_TRUE(selects_any_of(volume->node_terms, node_info("n")));
  EXPECT_FALSE(selects_any_of(volume->node_terms, node_info("m")));
}

TEST(ReadVolume, AnothersVolumeTakesNoRoomHere) {
  const Json theirs{{"spec", {{"csi", {{"driver", "theirs.example.com"}}}}}};
  EXPECT_EQ(read_volume(local_volume_json("v", "1Gi", "n", theirs))->local_node, "");
  EXPECT_TRUE(selects_any_of(read_volume(volume_json("v", "1Gi"))->node_terms, node_info("m")));
}

TEST(ReadStorageClass, WhoMakesVolumesAndWhen) {
  const auto local = read_storage_class(storage_class_json("a", "local.sandboxlet.io", false));
  EXPECT_TRUE(local->is_local() && local->provisions() && local->waits_for_node());
  const auto none = read_storage_class(storage_class_json("b", "kubernetes.io/no-provisioner"));
  EXPECT_TRUE(none->waits_for_node());
  EXPECT_FALSE(none->provisions() || none->is_local());
  EXPECT_FALSE(read_storage_class(storage_class_json("c", "x.io/y", false))->waits_for_node());
}

std::vector<PodClaim> claims_of(const char* spec) {
  JsonReader reader;
  auto claims = read_pod_claims(reader, json(spec), "box");
  EXPECT_FALSE(reader.error()) << reader.error()->message();
  return claims;
}

TEST(ReadPodClaims, TemplatesComeFirstAndVolumesOfTheirNamesGiveWay) {
  EXPECT_THAT(claims_of("{}"), IsEmpty());
  EXPECT_THAT(claims_of(R"({
    "volumeClaimTemplates": [{"metadata": {"name": "home"}, "spec": {}}],
    "podTemplate": {"spec": {"volumes": [
        {"name": "tmp", "emptyDir": {}},
        {"name": "home", "persistentVolumeClaim": {"claimName": "theirs"}},
        {"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
        {"name": "same", "persistentVolumeClaim": {"claimName": "data"}}]}}})"),
              ElementsAre(PodClaim{"home-box", true}, PodClaim{"data", false}));
}

}  // namespace
}  // namespace sandboxlet::scheduler
