#include "api/field.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandboxlet::api {
namespace {

using testing::EndsWith;
using testing::SizeIs;

std::string only(const std::vector<Finding>& findings) {
  return findings.size() == 1 ? to_string(findings[0]) : "not one finding";
}

TEST(Field, NamesItsPathAsTheApiServerDoes) {
  std::vector<Finding> findings;
  const Field root(findings);
  EXPECT_EQ(root.child("spec").child("containers").index(2).child("limits").key("cpu").path(),
            "spec.containers[2].limits[cpu]");
}

TEST(Field, KeepsItsPathToOneLineOfBoundedLength) {
  std::vector<Finding> findings;
  EXPECT_EQ(Field(findings).child("a\nb").key("c\x7f").path(), "a\\nb[c\\x7f]");
  EXPECT_EQ(Field(findings).child(std::string(1000, 'a')).path(), std::string(300, 'a'));
}

TEST(Field, WordsEachKindOfFindingAsTheApiServerDoes) {
  const auto said = [](auto add) {
    std::vector<Finding> findings;
    add(Field(findings, "f"));
    return only(findings);
  };
  EXPECT_EQ(said([](const Field& f) { f.required(); }), "f: Required value");
  EXPECT_EQ(said([](const Field& f) { f.required("name it"); }), "f: Required value: name it");
  EXPECT_EQ(said([](const Field& f) { f.invalid("x", "no"); }), "f: Invalid value: \"x\": no");
  EXPECT_EQ(said([](const Field& f) { f.invalid(7, "no"); }), "f: Invalid value: 7: no");
  EXPECT_EQ(said([](const Field& f) { f.invalid("no"); }), "f: Invalid value: no");
  EXPECT_EQ(said([](const Field& f) { f.duplicate("x"); }), "f: Duplicate value: \"x\"");
  EXPECT_EQ(said([](const Field& f) { f.not_found("x"); }), "f: Not found: \"x\"");
  EXPECT_EQ(said([](const Field& f) {
              f.not_supported("x", {"A", "B"});
            }),
            "f: Unsupported value: \"x\": supported values: \"A\", \"B\"");
  EXPECT_EQ(said([](const Field& f) { f.forbidden("no"); }), "f: Forbidden: no");
  EXPECT_EQ(said([](const Field& f) { f.too_long(63); }),
            "f: Too long: may not be more than 63 bytes");
}

TEST(Field, KeepsNoMoreFindingsThanItsBound) {
  std::vector<Finding> findings;
  for (size_t i = 0; i < 2 * kMaxFindings; ++i) Field(findings).index(i).required();
  EXPECT_THAT(findings, SizeIs(kMaxFindings));
}

TEST(Finding, OfTheWholeObjectHasNoPath) {
  EXPECT_EQ(to_string(Finding{"", "Too long"}), "Too long");
}

TEST(Quote, EscapesAsGoDoes) {
  EXPECT_EQ(quote("a\"b\\c\n\t"), R"("a\"b\\c\n\t")");
  EXPECT_EQ(quote(std::string_view("\0\x7f\x1b", 3)), R"("\x00\x7f\x1b")");
  EXPECT_EQ(quote("\u00e9"), "\"\u00e9\"");
}

TEST(Quote, CutsALongTextBetweenCharacters) {
  const std::string text = std::string(299, 'a') + "\u00e9" + std::string(100, 'b');
  EXPECT_EQ(quote(text), "\"" + std::string(299, 'a') + "...\"");
  EXPECT_EQ(quote(std::string(300, 'a')), "\"" + std::string(300, 'a') + "\"");
}

}  // namespace
}  // namespace sandboxlet::api
