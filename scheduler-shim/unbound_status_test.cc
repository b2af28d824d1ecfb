#include "scheduler-shim/unbound_status.h"

#include <gmock/gmock.h>

namespace sandboxlet::scheduler {
namespace {

using Json = nlohmann::json;

constexpr char kNow[] = "2026-01-02T03:04:05Z";

Json sandbox(const Json& conditions = Json::array()) {
  return {{"metadata", {{"uid", "u"}, {"resourceVersion", "7"}, {"generation", 3}}},
          {"status", {{"conditions", conditions}}}};
}

Unbound unschedulable(const std::string& message) { return {.message = message}; }

Json find(const Json& patch, const std::string& type) {
  for (const Json& one : patch["status"]["conditions"]) {
    if (one["type"] == type) return one;
  }
  return {};
}

TEST(UnboundStatus, SaysWhatUpstreamAndKubeSchedulerSayOfAPendingPod) {
  const Json patch = unbound_patch(sandbox(), unschedulable("0/1 nodes are available."), kNow);
  EXPECT_EQ(patch["metadata"], (Json{{"uid", "u"}, {"resourceVersion", "7"}}));
  const Json scheduled = find(patch, "PodScheduled");
  EXPECT_EQ(scheduled["status"], "False");
  EXPECT_EQ(scheduled["reason"], "Unschedulable");
  EXPECT_EQ(scheduled["message"], "0/1 nodes are available.");
  EXPECT_EQ(scheduled["observedGeneration"], 3);
  EXPECT_EQ(scheduled["lastTransitionTime"], kNow);
  EXPECT_EQ(find(patch, "Ready")["message"], "Pod exists with phase: Pending");
  EXPECT_EQ(find(patch, "Suspended")["reason"], "NotSuspended");
}

TEST(UnboundStatus, AGateIsNoLackOfNodes) {
  const Json patch = unbound_patch(sandbox(), {.is_gated = true, .message = "why"}, kNow);
  EXPECT_EQ(find(patch, "PodScheduled")["reason"], "SchedulingGated");
}

TEST(UnboundStatus, NothingIsWrittenTwiceAndTimesStayWhileTheStatusDoes) {
  const Json first = unbound_patch(sandbox(), unschedulable("why"), kNow);
  const Json said = sandbox(first["status"]["conditions"]);
  EXPECT_TRUE(unbound_patch(said, unschedulable("why"), "2026-02-02T03:04:05Z").is_null());
  const Json again = unbound_patch(said, unschedulable("another"), "2026-02-02T03:04:05Z");
  EXPECT_EQ(find(again, "PodScheduled")["message"], "another");
  EXPECT_EQ(find(again, "PodScheduled")["lastTransitionTime"], kNow);
}

TEST(UnboundStatus, OneThatIsToBeSuspendedIs) {
  const Json pending = unbound_patch(sandbox(), unschedulable("why"), kNow);
  const Json patch =
      unbound_patch(sandbox(pending["status"]["conditions"]), {.suspended = true}, kNow);
  EXPECT_EQ(find(patch, "Suspended")["status"], "True");
  EXPECT_EQ(find(patch, "Suspended")["reason"], "PodTerminated");
  EXPECT_EQ(find(patch, "Ready")["reason"], "SandboxSuspended");
  EXPECT_TRUE(find(patch, "PodScheduled").is_null());
}

TEST(UnboundStatus, SaysOfItsServiceWhatUpstreamSays) {
  const auto message = [](const Json& service, const char* there) {
    Json object = sandbox();
    if (!service.is_null()) object["spec"]["service"] = service;
    object["status"]["service"] = there;
    return find(unbound_patch(object, unschedulable("why"), kNow), "Ready")["message"];
  };
  const std::string pending = "Pod exists with phase: Pending";
  EXPECT_EQ(message(true, ""), pending + "; Service does not exist");
  EXPECT_EQ(message(true, "box"), pending + "; Service Exists");
  EXPECT_EQ(message(nullptr, "box"), pending + "; Service Exists");
  EXPECT_EQ(message(nullptr, ""), pending);
  EXPECT_EQ(message(false, "box"), pending);
}

TEST(UnboundStatus, IsOutdatedOnceItsServiceIsThere) {
  Json object = sandbox();
  object["spec"]["service"] = true;
  EXPECT_FALSE(outdated(object)) << "nothing was said yet";
  object["status"]["conditions"] =
      unbound_patch(object, {.is_gated = true, .message = "why"}, kNow)["status"]["conditions"];
  EXPECT_FALSE(outdated(object));
  object["status"]["service"] = "box";
  const auto said = outdated(object);
  ASSERT_TRUE(said);
  EXPECT_TRUE(said->is_gated);
  EXPECT_EQ(said->message, "why");
  object["status"]["conditions"] = unbound_patch(object, *said, kNow)["status"]["conditions"];
  EXPECT_FALSE(outdated(object));
}

TEST(UnboundStatus, OthersConditionsStay) {
  const Json foreign{{"type", "Backup"},
                     {"status", "True"},
                     {"reason", "r"},
                     {"message", "m"},
                     {"lastTransitionTime", kNow}};
  const Json patch = unbound_patch(sandbox(Json::array({foreign})), unschedulable("why"), kNow);
  EXPECT_EQ(find(patch, "Backup")["reason"], "r");
}

}  // namespace
}  // namespace sandboxlet::scheduler
