#include "api/conditions.h"

#include <gtest/gtest.h>

namespace sandboxlet::api {
namespace {

constexpr char kThen[] = "2026-01-01T00:00:00Z";
constexpr char kNow[] = "2026-01-01T00:00:09Z";

Condition ready(const char* status, const char* reason) {
  return {.type = "Ready", .status = status, .reason = reason};
}

TEST(Conditions, ANewOneCarriesNow) {
  std::vector<Condition> conditions;
  set_condition(conditions, ready("False", "DependenciesNotReady"), kThen);
  ASSERT_NE(find_condition(conditions, "Ready"), nullptr);
  EXPECT_EQ(find_condition(conditions, "Ready")->lastTransitionTime, kThen);
  EXPECT_EQ(find_condition(conditions, "Suspended"), nullptr);
}

TEST(Conditions, TransitionTimeChangesOnlyWithTheStatus) {
  std::vector<Condition> conditions;
  set_condition(conditions, ready("False", "DependenciesNotReady"), kThen);
  set_condition(conditions, ready("False", "SandboxSuspended"), kNow);
  EXPECT_EQ(conditions.at(0).reason, "SandboxSuspended");
  EXPECT_EQ(conditions.at(0).lastTransitionTime, kThen);
  set_condition(conditions, ready("True", "DependenciesReady"), kNow);
  EXPECT_EQ(conditions.at(0).lastTransitionTime, kNow);
  EXPECT_EQ(conditions.size(), 1U);
}

TEST(Conditions, RemoveLeavesTheOthers) {
  std::vector<Condition> conditions;
  set_condition(conditions, ready("True", "DependenciesReady"), kThen);
  set_condition(conditions, {.type = "Finished", .status = "True"}, kThen);
  remove_condition(conditions, "Finished");
  remove_condition(conditions, "Finished");
  ASSERT_EQ(conditions.size(), 1U);
  EXPECT_EQ(conditions.at(0).type, "Ready");
}

}  // namespace
}  // namespace sandboxlet::api
