#include "scheduler-shim/binding.h"

#include <gmock/gmock.h>

namespace sandboxlet::scheduler {
namespace {

using Json = nlohmann::json;

constexpr char kNow[] = "2027-01-15T08:00:00.000000Z";

Json sandbox(const Json& conditions) {
  return {{"metadata", {{"generation", 3}}}, {"status", {{"conditions", conditions}}}};
}

Json find(const Json& patch, const std::string& type) {
  for (const Json& one : patch["status"]["conditions"]) {
    if (one["type"] == type) return one;
  }
  return {};
}

TEST(BindPatch, NamesTheNodeAndSaysSinceWhen) {
  const Json patch = bind_patch(said_of({{"metadata", {{"generation", 3}}}}), "node-1", kNow);
  EXPECT_EQ(patch["status"]["nodeName"], "node-1");
  const Json scheduled = find(patch, "Scheduled");
  EXPECT_EQ(scheduled["status"], "True");
  EXPECT_EQ(scheduled["message"], "Bound to node node-1");
  EXPECT_EQ(scheduled["observedGeneration"], 3);
  EXPECT_EQ(scheduled["lastTransitionTime"], kNow);
}

TEST(BindPatch, KeepsWhatWasSaidBefore) {
  const Json waited{{"type", "PodScheduled"},
                    {"status", "False"},
                    {"reason", "Unschedulable"},
                    {"message", "why"},
                    {"lastTransitionTime", "2026-01-02T03:04:05Z"},
                    {"observedGeneration", 2}};
  const Json patch = bind_patch(said_of(sandbox(Json::array({waited}))), "node-1", kNow);
  EXPECT_EQ(find(patch, "PodScheduled"), waited);
}

TEST(BindPatch, ANewBindingHasATimeOfItsOwn) {
  const Json lost{{"type", "Scheduled"},
                  {"status", "False"},
                  {"reason", "NodeLost"},
                  {"message", "why"},
                  {"lastTransitionTime", "2026-01-02T03:04:05Z"}};
  const Json patch = bind_patch(said_of(sandbox(Json::array({lost}))), "node-2", kNow);
  EXPECT_EQ(find(patch, "Scheduled")["lastTransitionTime"], kNow);
  EXPECT_EQ(patch["status"]["conditions"].size(), 1U);
}

}  // namespace
}  // namespace sandboxlet::scheduler
