#include "api/label_selector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandboxlet::api {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Operator = LabelRequirement::Operator;

std::vector<LabelRequirement> parse(std::string_view text) {
  const auto selector = parse_label_selector(text);
  EXPECT_TRUE(selector.has_value()) << text << ": " << selector.error().message();
  return selector ? selector->requirements : std::vector<LabelRequirement>{};
}

LabelRequirement in(std::string key, std::set<std::string> values) {
  return {std::move(key), Operator::kIn, std::move(values)};
}

LabelRequirement not_in(std::string key, std::set<std::string> values) {
  return {std::move(key), Operator::kNotIn, std::move(values)};
}

const LabelRequirement kA{"a", Operator::kExists, {}};
const LabelRequirement kNoA{"a", Operator::kDoesNotExist, {}};

// What is read and what is refused is as apimachinery's labels.Parse answered.

TEST(LabelSelector, ReadsEveryOperator) {
  EXPECT_THAT(parse("a"), ElementsAre(kA));
  EXPECT_THAT(parse("!a"), ElementsAre(kNoA));
  EXPECT_THAT(parse("a=b"), ElementsAre(in("a", {"b"})));
  EXPECT_THAT(parse("a==b"), ElementsAre(in("a", {"b"})));
  EXPECT_THAT(parse("a!=b"), ElementsAre(not_in("a", {"b"})));
  EXPECT_THAT(parse("a in (b,c)"), ElementsAre(in("a", {"b", "c"})));
  EXPECT_THAT(parse("a notin (b)"), ElementsAre(not_in("a", {"b"})));
  EXPECT_THAT(parse("x.io/a=b,c in (d,e),!a"),
              ElementsAre(in("x.io/a", {"b"}), in("c", {"d", "e"}), kNoA));
}

TEST(LabelSelector, SpaceDoesNotMatter) {
  EXPECT_THAT(parse(" "), IsEmpty());
  EXPECT_THAT(parse(" ! a "), ElementsAre(kNoA));
  EXPECT_THAT(parse("a\t= b , a"), ElementsAre(in("a", {"b"}), kA));
  EXPECT_THAT(parse("a in( b , c )"), ElementsAre(in("a", {"b", "c"})));
}

TEST(LabelSelector, ValuesMayBeEmpty) {
  EXPECT_THAT(parse("a="), ElementsAre(in("a", {""})));
  EXPECT_THAT(parse("a!=,a"), ElementsAre(not_in("a", {""}), kA));
  EXPECT_THAT(parse("a in ()"), ElementsAre(in("a", {""})));
  EXPECT_THAT(parse("a in (b,)"), ElementsAre(in("a", {"", "b"})));
}

TEST(LabelSelector, WordsAreKeysAndValuesToo) {
  EXPECT_THAT(parse("in in (in,notin)"), ElementsAre(in("in", {"in", "notin"})));
  EXPECT_THAT(parse("notin=in"), ElementsAre(in("notin", {"in"})));
}

TEST(LabelSelector, RefusesWhatKubernetesRefuses) {
  for (const char* text :
       {"!!a",      "a,",      ",a",         ",",     "a,,b",      "a b",   "!a=b",   "a in (b c)",
        "a in b",   "a in (b", "a=b=c",      "a===b", "A.com/x=y", "x/y/z", "a=b/c",  "-a",
        "a=-",      "a=\"b\"", "a)",         "(a)",   "a()",       "a=b c", "\u00e9", "a=\u00e9",
        "!",        "=",       "=b",         "a!b",   "a!",        "a=!",   "a=>b",   "a in (=)",
        "a IN (b)", "a=(b)",   "a in ((b))", "a>b",   "a==!b"}) {
    EXPECT_FALSE(parse_label_selector(text).has_value()) << text;
  }
}

TEST(LabelSelector, SaysWhatItDidNotExpect) {
  EXPECT_EQ(parse_label_selector("a b").error().message(),
            "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=");
  EXPECT_THAT(parse_label_selector("a=b/c").error().message(),
              testing::StartsWith("unable to parse requirement: Invalid value: \"b/c\": a valid"));
}

bool selects(std::string_view text, const StringMap& labels) {
  const auto selector = parse_label_selector(text);
  return selector && matches(*selector, labels);
}

TEST(LabelSelector, AllConditionsMustHold) {
  const StringMap labels{{"app", "dev"}, {"tier", ""}};
  for (const char* text : {"", "app", "app=dev", "app in (x,dev)", "app!=x", "!none", "none!=x",
                           "none notin (x)", "tier=", "app=dev,tier"}) {
    EXPECT_TRUE(selects(text, labels)) << text;
  }
  for (const char* text : {"none", "!app", "app=x", "app in (x)", "app!=dev", "app notin (dev)",
                           "none=", "app=dev,none"}) {
    EXPECT_FALSE(selects(text, labels)) << text;
  }
}

}  // namespace
}  // namespace sandboxlet::api
