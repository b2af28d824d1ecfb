#include "cli/awaited.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandboxlet::cli {
namespace {

api::Sandbox with_ready(const std::string& status, int64_t observed) {
  api::Sandbox sandbox;
  sandbox.metadata.generation = 2;
  api::Condition condition;
  condition.type = "Ready";
  condition.status = status;
  condition.observedGeneration = observed;
  sandbox.status.conditions.push_back(condition);
  return sandbox;
}

bool holds(const std::string& awaited, const api::Sandbox& sandbox) {
  return holds(parse_awaited(awaited)->value(), sandbox);
}

TEST(Awaited, ConditionsAreTrueUnlessAnotherStatusIsNamed) {
  EXPECT_TRUE(holds("condition=Ready", with_ready("True", 2)));
  EXPECT_FALSE(holds("condition=Ready", with_ready("False", 2)));
  EXPECT_TRUE(holds("condition=Ready=False", with_ready("False", 2)));
  EXPECT_FALSE(holds("condition=Suspended=False", with_ready("False", 2)));
}

TEST(Awaited, CaseDoesNotMatter) {
  EXPECT_TRUE(holds("condition=ready=true", with_ready("True", 2)));
}

TEST(Awaited, WhatWasToldOfAnOlderGenerationDoesNotCount) {
  EXPECT_FALSE(holds("condition=Ready", with_ready("True", 1)));
}

TEST(Awaited, DeleteIsNoCondition) {
  const auto awaited = parse_awaited("delete");
  ASSERT_TRUE(awaited);
  EXPECT_FALSE(awaited->has_value());
}

TEST(Awaited, AnythingElseIsRefused) {
  for (const char* text : {"", "Ready", "condition", "condition=", "jsonpath={.status}"}) {
    EXPECT_FALSE(parse_awaited(text)) << text;
  }
}

}  // namespace
}  // namespace sandboxlet::cli
