#include "scheduler-shim/eviction/mark.h"

#include <gmock/gmock.h>

namespace sandboxlet::eviction {
namespace {

using Json = nlohmann::json;

constexpr char kSince[] = "2026-01-02T03:04:05.000006Z";

Resident bound() {
  Resident resident;
  resident.node = "node-1";
  return resident;
}

Resident marked(bool has_begun = false, bool is_done = false) {
  Resident resident = bound();
  resident.is_marked = true;
  resident.has_begun = has_begun;
  resident.is_done = is_done;
  return resident;
}

TEST(EvictionStep, MarksWhatIsToLeave) {
  EXPECT_EQ(next_step(bound(), false), Step::kNothing);
  EXPECT_EQ(next_step(bound(), true), Step::kMark);
  EXPECT_EQ(next_step(marked(), true), Step::kNothing);
}

TEST(EvictionStep, IsTakenBackOnlyBeforeTheAgentHasBegun) {
  EXPECT_EQ(next_step(marked(), false), Step::kTakeBack);
  EXPECT_EQ(next_step(marked(true), false), Step::kNothing);
}

TEST(EvictionStep, UnbindsOnlyWhatItsAgentIsDoneWith) {
  EXPECT_EQ(next_step(marked(true), true), Step::kNothing);
  EXPECT_EQ(next_step(marked(true, true), true), Step::kUnbind);
  EXPECT_EQ(next_step(marked(true, true), false), Step::kUnbind);
}

TEST(EvictionStep, ADeletedOneEndsWhereItIs) {
  Resident resident = marked(true, true);
  resident.is_deleted = true;
  EXPECT_EQ(next_step(resident, true), Step::kNothing);
}

TEST(EvictionPatch, IsOverTheVersionThatWasSeen) {
  const Json object{{"metadata", {{"uid", "u"}, {"resourceVersion", "7"}}}};
  const Cause cause{{}, "NodeDrained", "why"};
  const Json patch = patch_for(Step::kMark, object, &cause, kSince);
  EXPECT_EQ(
      patch,
      (Json{{"metadata", {{"uid", "u"}, {"resourceVersion", "7"}}},
            {"status",
             {{"eviction", {{"reason", "NodeDrained"}, {"message", "why"}, {"since", kSince}}}}}}));
}

TEST(EvictionPatch, LeavesNothingOfTheEvictionBehindButWhatItSays) {
  Json object{{"metadata", {{"uid", "u"}, {"resourceVersion", "7"}}},
              {"status",
               {{"nodeName", "node-1"},
                {"podIPs", {"10.0.0.2"}},
                {"eviction", {{"reason", "r"}, {"message", "why"}, {"since", kSince}}},
                {"evicted", kSince}}}};
  object.merge_patch(patch_for(Step::kUnbind, object, nullptr, kSince));
  const Json status = object["status"];
  EXPECT_EQ(status.size(), 1U) << status;
  EXPECT_EQ(status["conditions"][0]["type"], "Scheduled");
  EXPECT_EQ(status["conditions"][0]["status"], "False");
  EXPECT_EQ(status["conditions"][0]["message"], "why");
}

}  // namespace
}  // namespace sandboxlet::eviction
