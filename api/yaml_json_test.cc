#include "api/yaml_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <set>

namespace sandboxlet::api {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// The first document, as Kubernetes reads no more of one text; nothing where the text is refused.
std::optional<Json> read(const std::string& text) {
  auto documents = yaml_to_json(text);
  if (!documents) return std::nullopt;
  return documents->empty() ? Json(nullptr) : documents->front().value;
}

std::string refusal(const std::string& text) {
  auto documents = yaml_to_json(text);
  return documents ? "read" : documents.error().message();
}

// Where this reader knowingly differs.
const std::set<std::string>& differences() {
  static const std::set<std::string> texts{
      // No field holds bytes.
      "v: !!binary aGVsbG8=", "v: !!binary gIGC", "!!binary aGVsbG8=: a",
      // Kubernetes writes such a key anew, through a 32-bit float; here it must be quoted.
      "1.5: a", ".inf: 1", "1e20: a", "1e21: a", "1e-7: a", "0.1: a", "123456789.5: a", "1e6: a",
      // One of the two would be lost.
      "1: a\n'1': b", "true: a\n'true': b", "1.0: a\n1: b",
      // kubectl's own reader is not strict, and so takes what overrides a merge.
      "b: &x {p: 1, q: 2}\nv:\n  <<: *x\n  q: 3", "b: &x {p: 1}\nv:\n  q: 3\n  <<: *x\n  p: 2",
      "v:\n  <<: [{a: 1}, {a: 2, b: 3}]", "v:\n  <<: &y {a: 1}\n  a: *y",
      // YAML that yaml-cpp takes and go-yaml does not.
      "b: &x [{a: 1}]\nv:\n  <<: *x", "18446744073709551615: a", "- a\nb: 1",
      "%YAML 1.2\n---\na: on", "%YAML 1.3\n---\na: on", "...", "a: \u0085x", "a: \u2028x", "[,]",
      "[a,,b]", "a: !e!x 1", "{\"a\":\"\\/\"}", "\t{\"a\": 1}",
      // And the other way round; an old Macintosh's line ends.
      "a: 1\rb: 2", "{a:}"};
  return texts;
}

// Each line of the table is what sigs.k8s.io/yaml 1.6.0 (YAMLToJSONStrict) answered.
TEST(Yaml, IsReadAsKubernetesReadsIt) {
  std::ifstream table(SANDBOXLET_TESTDATA "/yaml_as_kubernetes_reads_it.jsonl");
  std::set<std::string> different;
  size_t rows = 0;
  for (std::string line; std::getline(table, line); ++rows) {
    const Json row = Json::parse(line);
    const auto text = row["yaml"].get<std::string>();
    const auto value = read(text);
    const bool same = row.contains("json") ? value == row["json"] : !value.has_value();
    if (same) continue;
    different.insert(text);
    EXPECT_TRUE(differences().contains(text))
        << line << "\nis read as " << (value ? value->dump() : refusal(text));
  }
  EXPECT_EQ(rows, 430U);
  EXPECT_EQ(different, differences());
}

TEST(Yaml, AMergeFillsInAndWhatComesAfterOverrides) {
  EXPECT_EQ(read("b: &x {p: 1, q: 2}\nv:\n  <<: *x\n  q: 3"),
            Json::parse(R"({"b":{"p":1,"q":2},"v":{"p":1,"q":3}})"));
  EXPECT_EQ(read("<<: [{a: 1}, {a: 2, b: 3}]"), Json::parse(R"({"a":1,"b":3})"));
}

TEST(Yaml, AMergeThatWouldOverrideIsRefusedForReadersDisagree) {
  EXPECT_THAT(refusal("a: 1\n<<: {a: 2}"), HasSubstr("put the merge first"));
  EXPECT_THAT(refusal("<<: {a: 1}\n<<: {a: 2}"), HasSubstr("put the merge first"));
  EXPECT_THAT(refusal("<<: {a: 1}\na: 2\na: 3"), "line 3: key \"a\" stands twice");
}

TEST(Yaml, ErrorsNameTheLine) {
  EXPECT_EQ(refusal("a: 1\nb: 2\na: 3"), "line 3: key \"a\" stands twice");
  EXPECT_THAT(refusal("a: 1\nb: ["), HasSubstr("line 2: "));
  EXPECT_EQ(refusal("a:\n  b: .nan"), "line 2: .nan is a number that JSON does not have");
  EXPECT_EQ(refusal("a: 1\nb: \x04"), "line 2: control characters are not allowed");
  EXPECT_EQ(refusal("\xff"), "the text is not UTF-8");
}

TEST(Yaml, DocumentsHaveTheLinesWhereTheyBegin) {
  const auto documents = yaml_to_json("# c\na: 1\n---\n\nb: 2\n...\n---\nitems:\n- 1\n-\n  2\n");
  ASSERT_TRUE(documents.has_value());
  ASSERT_THAT(*documents, SizeIs(3));
  EXPECT_EQ((*documents)[0].line, 2);
  EXPECT_EQ((*documents)[1].value, Json::parse(R"({"b":2})"));
  EXPECT_EQ((*documents)[2].line, 8);
  EXPECT_THAT((*documents)[2].item_lines, ElementsAre(9, 11));
}

TEST(Yaml, AnchorsEndWithTheirDocument) {
  EXPECT_THAT(refusal("a: &x 1\n---\nb: *x"), HasSubstr("anchor"));
}

TEST(Yaml, AliasesThatUnfoldWithoutEndAreRefused) {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char name = 'b'; name < 'k'; ++name) {
    const std::string alias = std::string("*") + static_cast<char>(name - 1);
    bomb += std::string(1, name) + ": &" + name + " [" + alias;
    for (int i = 0; i < 9; ++i) bomb += "," + alias;
    bomb += "]\n";
  }
  EXPECT_EQ(refusal(bomb), "unfolds to too much");
}

TEST(Yaml, DepthHasABound) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(refusal(nested(64)), "read");
  EXPECT_EQ(refusal(nested(65)), "line 1: is nested too deeply");
  for (const std::string text : {"[", "- ", "{", "? "}) {
    std::string hostile;
    for (int i = 0; i < 100'000; ++i) hostile += text;
    EXPECT_NE(refusal(hostile), "read");
  }
}

}  // namespace
}  // namespace sandboxlet::api
