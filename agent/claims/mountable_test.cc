#include "agent/claims/mountable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/claims/testing/objects.h"

namespace sandboxlet::agent {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

std::string said(const Json& claim) {
  const auto checked = check_claim(read_claim(claim));
  return checked ? "" : checked.error().message();
}

std::string refusal(const Json& volume, const Json& claim = bound_claim("pv")) {
  const auto staged = to_stage(read_claim(claim), read_volume(volume), kTestNode);
  return staged ? "" : staged.error().message();
}

const Json kNfs{{"nfs", {{"server", "nfs.local"}, {"path", "/export"}, {"readOnly", true}}}};
const Json kHostPath{{"hostPath", {{"path", "/srv"}}}};

TEST(CheckClaim, OneThatIsBoundIsTaken) { EXPECT_EQ(said(bound_claim("pv")), ""); }

TEST(CheckClaim, OneThatIsNotBoundMayCome) {
  const auto checked = check_claim(read_claim(waiting_claim()));
  EXPECT_EQ(checked.error().code(), Code::kUnavailable);
  EXPECT_EQ(checked.error().message(), "persistentvolumeclaim \"data-box\" is not bound");
  // It is bound before its status says so.
  EXPECT_EQ(said(bound_claim("pv", {{"status", {{"phase", "Pending"}}}})),
            "persistentvolumeclaim \"data-box\" is not bound");
}

TEST(CheckClaim, OneThatIsDeletedIsTakenWhereASandboxUsesIt) {
  const Json deleted{{"metadata", {{"deletionTimestamp", "2026-01-01T00:00:00Z"}}}};
  EXPECT_EQ(said(bound_claim("pv", deleted)), "");
  Json unused = bound_claim("pv", deleted);
  unused["metadata"]["finalizers"] = {"kubernetes.io/pvc-protection"};
  EXPECT_EQ(said(unused), "persistentvolumeclaim \"data-box\" is being deleted");
}

TEST(CheckClaim, OneThatHasLostItsVolumeAndABlockDeviceAreRefused) {
  EXPECT_EQ(said(bound_claim("pv", {{"status", {{"phase", "Lost"}}}})),
            "persistentvolumeclaim \"data-box\" bound to non-existent persistentvolume \"pv\"");
  EXPECT_EQ(said(bound_claim("pv", {{"spec", {{"volumeMode", "Block"}}}})),
            "persistentvolumeclaim \"data-box\" has volumeMode Block, which is not supported");
}

TEST(ToStage, IsTheSourceOfTheVolume) {
  const auto staged = to_stage(
      read_claim(bound_claim("pv")),
      read_volume(bound_volume(kNfs, {{"spec", {{"mountOptions", {"soft"}}}}})), kTestNode);
  ASSERT_TRUE(staged) << staged.error().message();
  const auto& nfs = std::get<Nfs>(staged->source);
  EXPECT_EQ(nfs.server, "nfs.local");
  EXPECT_EQ(nfs.path, "/export");
  EXPECT_TRUE(nfs.read_only);
  EXPECT_EQ(nfs.mount_options, std::vector<std::string>{"soft"});
}

TEST(ToStage, AVolumeThatIsAnotherClaimsIsNotTaken) {
  EXPECT_EQ(refusal(bound_volume(kHostPath, {{"spec", {{"claimRef", {{"uid", "u-2"}}}}}})),
            "persistentvolume \"pv\" is not bound to persistentvolumeclaim \"data-box\"");
}

TEST(ToStage, AVolumeOfAnotherNodeIsNotTaken) {
  const auto on = [](const std::string& node) {
    const Json here{{"key", "kubernetes.io/hostname"}, {"operator", "In"}, {"values", {node}}};
    const Json terms = Json::array({{{"matchExpressions", {here}}}});
    return bound_volume(
        kHostPath, {{"spec", {{"nodeAffinity", {{"required", {{"nodeSelectorTerms", terms}}}}}}}});
  };
  EXPECT_EQ(refusal(on(kTestNode)), "");
  EXPECT_EQ(refusal(on("node-2")),
            "persistentvolume \"pv\" is not of this node by its nodeAffinity");
}

TEST(ToStage, MountOptionsAreOfNfsAlone) {
  EXPECT_THAT(refusal(bound_volume(kHostPath, {{"spec", {{"mountOptions", {"noatime"}}}}})),
              HasSubstr("spec.mountOptions"));
}

}  // namespace
}  // namespace sandboxlet::agent
