#include <gmock/gmock.h>

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

TEST_F(ShimRestrictionTest, OthersChangeSandboxes) {
  ask("PATCH", kSandboxes + "/held", spec_change().dump(), kMergePatch);
  EXPECT_EQ(ask("GET", kSandboxes + "/held")["spec"]["operatingMode"], "Suspended");
}

}  // namespace
}  // namespace sandboxlet::test
