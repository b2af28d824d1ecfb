#include "api/expansion.h"

#include <gtest/gtest.h>

namespace sandboxlet::api {
namespace {

struct Case {
  const char* text;
  const char* expanded;
};

class Expansion : public testing::TestWithParam<Case> {};

TEST_P(Expansion, IsTheKubeletsOwn) {
  const StringMap variables{{"A", "1"}, {"B_2", "two"}, {"EMPTY", ""}};
  EXPECT_EQ(expand(GetParam().text, variables), GetParam().expanded);
}

INSTANTIATE_TEST_SUITE_P(Table, Expansion,
                         testing::Values(Case{"", ""}, Case{"plain", "plain"}, Case{"$(A)", "1"},
                                         Case{"x$(A)y$(B_2)", "x1ytwo"}, Case{"$(EMPTY)", ""},
                                         Case{"$(MISSING)", "$(MISSING)"}, Case{"$$(A)", "$(A)"},
                                         Case{"$$$(A)", "$1"}, Case{"$$$$(A)", "$$(A)"},
                                         Case{"$A ${A}", "$A ${A}"}, Case{"$(A", "$(A"},
                                         Case{"$", "$"}, Case{"a$$", "a$"}, Case{"$()", "$()"},
                                         Case{"$($(A))", "$($(A))"}));

Container with_env(const std::vector<std::pair<std::string, std::string>>& variables) {
  Container container;
  for (const auto& [name, value] : variables) {
    EnvVar& variable = container.env.emplace_back();
    variable.name = name;
    variable.value = value;
  }
  return container;
}

TEST(ExpandedContainer, AVariableSeesThoseBeforeItAndTheLastOfOneNameWins) {
  Container container = with_env({{"B", "$(A)"}, {"A", "1"}, {"C", "$(A)$(B)"}, {"A", "2"}});
  container.command = {"run", "$(C)"};
  container.args = {"$(A)"};
  const auto expanded = expand(container);
  ASSERT_TRUE(expanded);
  EXPECT_EQ(expanded->env, (StringMap{{"A", "2"}, {"B", "$(A)"}, {"C", "1$(A)"}}));
  EXPECT_EQ(expanded->command, (std::vector<std::string>{"run", "1$(A)"}));
  EXPECT_EQ(expanded->args, (std::vector<std::string>{"2"}));
}

TEST(ExpandedContainer, VariablesThatDoubleEachOtherAreRefused) {
  std::vector<std::pair<std::string, std::string>> variables{{"V0", "xxxxxxxx"}};
  for (int i = 1; i < 60; ++i) {
    const std::string before = "$(V" + std::to_string(i - 1) + ")";
    variables.emplace_back("V" + std::to_string(i), before + before);
  }
  const auto expanded = expand(with_env(variables));
  ASSERT_FALSE(expanded);
  EXPECT_EQ(expanded.error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace sandboxlet::api
