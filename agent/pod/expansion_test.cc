#include "agent/pod/expansion.h"

#include <gtest/gtest.h>

namespace sandboxlet::agent {
namespace {

struct Case {
  const char* text;
  const char* expanded;
};

class Expansion : public testing::TestWithParam<Case> {};

TEST_P(Expansion, IsTheKubeletsOwn) {
  const api::StringMap variables{{"A", "1"}, {"B_2", "two"}, {"EMPTY", ""}};
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

}  // namespace
}  // namespace sandboxlet::agent
