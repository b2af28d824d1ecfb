#include "scheduler-shim/release.h"

#include <gmock/gmock.h>

#include "api/sandbox.h"

namespace sandboxlet::scheduler {
namespace {

using Json = nlohmann::json;

// Deleted, and on no node.
Json sandbox() {
  return {{"metadata",
           {{"uid", "u"},
            {"resourceVersion", "7"},
            {"deletionTimestamp", "2026-01-02T03:04:05Z"},
            {"finalizers", {api::kNodeFinalizer}}}}};
}

TEST(Release, LetsADeletedSandboxGoThatIsOnNoNode) {
  const Json expected{
      {"metadata", {{"uid", "u"}, {"resourceVersion", "7"}, {"finalizers", Json::array()}}}};
  EXPECT_EQ(release_patch(sandbox()), expected);
  Json cleared = sandbox();
  cleared["status"]["nodeName"] = "";
  EXPECT_EQ(release_patch(cleared), expected);
}

TEST(Release, ABoundOneIsItsAgentsToLetGo) {
  Json bound = sandbox();
  bound["status"]["nodeName"] = "node-1";
  EXPECT_TRUE(release_patch(bound).is_null());
}

TEST(Release, OneThatIsNotDeletedKeepsTheFinalizerForItsNextNode) {
  Json living = sandbox();
  living["metadata"].erase("deletionTimestamp");
  EXPECT_TRUE(release_patch(living).is_null());
}

TEST(Release, OthersFinalizersStayInTheirOrder) {
  Json held = sandbox();
  held["metadata"]["finalizers"] = {"x.io/b", api::kNodeFinalizer, "x.io/a"};
  EXPECT_EQ(release_patch(held)["metadata"]["finalizers"], Json({"x.io/b", "x.io/a"}));
  held["metadata"]["finalizers"] = {"x.io/b", "x.io/a"};
  EXPECT_TRUE(release_patch(held).is_null());
  held["metadata"].erase("finalizers");
  EXPECT_TRUE(release_patch(held).is_null());
}

}  // namespace
}  // namespace sandboxlet::scheduler
