#include "scheduler-shim/storage/claim_user.h"

#include <gmock/gmock.h>

namespace sandboxlet::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// With the claims "home-box", its own, and "data".
Json box(const Json& patch = Json::object()) {
  Json object = Json::parse(R"({
    "metadata": {"name": "box", "namespace": "default", "uid": "u-1", "resourceVersion": "7"},
    "spec": {"podTemplate": {"spec": {"volumes": [
                 {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}},
             "volumeClaimTemplates": [
                 {"metadata": {"name": "home", "labels": {"team": "a"}, "annotations": {"b": "c"}},
                  "spec": {"accessModes": ["ReadWriteOnce"],
                           "resources": {"requests": {"storage": "1Gi"}}}}]}})");
  object.merge_patch(patch);
  return object;
}

ClaimUser read(const Json& patch = Json::object()) {
  TemplatePool templates;
  return read_claim_user(box(patch), templates);
}

Json deleted(const char* finalizer) {
  return {{"metadata", {{"deletionTimestamp", "x"}, {"finalizers", {finalizer}}}}};
}

TEST(ClaimUser, OwnsWhatIsMadeOfItsTemplates) {
  const ClaimUser user = read();
  EXPECT_THAT(user.claims, ElementsAre(scheduler::PodClaim{"home-box", true},
                                       scheduler::PodClaim{"data", false}));
  EXPECT_TRUE(user.owns("home-box"));
  EXPECT_FALSE(user.owns("data"));
}

TEST(ClaimUser, OfOneWithoutClaimsNothingIsKept) {
  const Json none = Json::parse(R"({"spec": {"volumeClaimTemplates": null, "podTemplate": null}})");
  EXPECT_THAT(read(none).claims, IsEmpty());
  EXPECT_EQ(read(none).templates, nullptr);
}

TEST(ClaimUser, EqualTemplatesAreHeldOnce) {
  TemplatePool templates;
  const ClaimUser one = read_claim_user(box(), templates);
  const ClaimUser other = read_claim_user(box({{"metadata", {{"name", "other"}}}}), templates);
  EXPECT_EQ(one.templates, other.templates);
}

TEST(ClaimUser, UsesItsClaimsUntilItsAgentHasLetGoOfIt) {
  EXPECT_TRUE(read().uses_claims());
  EXPECT_TRUE(read(deleted("sandboxlet.io/node")).uses_claims());
  EXPECT_FALSE(read(deleted("foregroundDeletion")).uses_claims());
}

TEST(ClaimUser, OneThatHasEndedMakesNoClaimsAndUsesThoseThatItHas) {
  const auto says = [](const char* condition) {
    return read({{"status", {{"conditions", Json::array({Json::parse(condition)})}}}});
  };
  const ClaimUser finished = says(R"({"type": "Finished", "status": "True"})");
  EXPECT_FALSE(finished.makes_claims());
  EXPECT_TRUE(finished.uses_claims());
  EXPECT_FALSE(says(R"({"type": "Ready", "reason": "SandboxExpired"})").makes_claims());
  EXPECT_TRUE(says(R"({"type": "Ready", "status": "True"})").makes_claims());
  EXPECT_FALSE(read(deleted("sandboxlet.io/node")).makes_claims());
}

TEST(ClaimUser, ANewClaimIsAsUpstreamMakesItAndProtected) {
  const Json claim = new_claim(read(), "home-box");
  EXPECT_EQ(claim["metadata"], Json::parse(R"({
      "name": "home-box", "namespace": "default",
      "labels": {"team": "a", "agents.x-k8s.io/sandbox-name-hash": "70c67e32"},
      "annotations": {"b": "c"},
      "ownerReferences": [{"apiVersion": "agents.x-k8s.io/v1beta1", "kind": "Sandbox",
                           "name": "box", "uid": "u-1", "controller": true,
                           "blockOwnerDeletion": true}],
      "finalizers": ["sandboxlet.io/claim-in-use"]})"));
  EXPECT_EQ(claim["spec"], box()["spec"]["volumeClaimTemplates"][0]["spec"]);
  EXPECT_TRUE(new_claim(read(), "data").is_null());
}

}  // namespace
}  // namespace sandboxlet::storage
