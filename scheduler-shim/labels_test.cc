#include "scheduler-shim/labels.h"

#include <gtest/gtest.h>

namespace sandboxlet::scheduler {
namespace {

using Operator = Requirement::Operator;

struct Case {
  Requirement requirement;
  bool holds;
};

TEST(Labels, AreFoundByKey) {
  const Labels labels(api::StringMap{{"b", "2"}, {"a", "1"}, {"c", ""}});
  ASSERT_NE(labels.find("a"), nullptr);
  EXPECT_EQ(*labels.find("a"), "1");
  EXPECT_EQ(*labels.find("c"), "");
  EXPECT_EQ(labels.find("aa"), nullptr);
  EXPECT_EQ(labels.find("d"), nullptr);
}

TEST(Labels, RequirementsHoldAsApimachinerySays) {
  const Labels labels(api::StringMap{{"app", "dev"}, {"cores", "8"}, {"empty", ""}});
  for (const auto& [requirement, holds] : std::initializer_list<Case>{
           {{"app", Operator::kIn, {"x", "dev"}}, true},
           {{"app", Operator::kIn, {"x"}}, false},
           {{"none", Operator::kIn, {"x"}}, false},
           {{"app", Operator::kNotIn, {"x"}}, true},
           {{"app", Operator::kNotIn, {"dev"}}, false},
           {{"none", Operator::kNotIn, {"x"}}, true},
           {{"empty", Operator::kExists, {}}, true},
           {{"none", Operator::kExists, {}}, false},
           {{"none", Operator::kDoesNotExist, {}}, true},
           {{"app", Operator::kDoesNotExist, {}}, false},
           {{"cores", Operator::kGt, {"7"}}, true},
           {{"cores", Operator::kGt, {"8"}}, false},
           {{"cores", Operator::kLt, {"9"}}, true},
           {{"cores", Operator::kLt, {"8"}}, false},
           {{"none", Operator::kLt, {"9"}}, false},
           {{"app", Operator::kGt, {"1"}}, false},
           {{"cores", Operator::kGt, {"1", "2"}}, false},
           {{"cores", Operator::kGt, {"1x"}}, false},
       }) {
    EXPECT_EQ(matches(requirement, labels), holds)
        << requirement.key << " " << static_cast<int>(requirement.operator_);
  }
}

TEST(Labels, AllRequirementsMustHold) {
  const Labels labels(api::StringMap{{"app", "dev"}});
  EXPECT_TRUE(matches(Selector{}, labels));
  EXPECT_FALSE(
      matches(Selector{{"app", Operator::kExists, {}}, {"none", Operator::kExists, {}}}, labels));
}

}  // namespace
}  // namespace sandboxlet::scheduler
