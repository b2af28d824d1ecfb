#include "api/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandboxlet::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// "line: json" of each object, or the refusal alone.
std::vector<std::string> read(std::string_view text) {
  const auto manifests = read_manifests(text);
  if (!manifests) return {manifests.error().message()};
  std::vector<std::string> lines;
  for (const Manifest& one : *manifests)
    lines.push_back(std::to_string(one.line) + ": " + one.json);
  return lines;
}

TEST(Manifests, AreTheDocumentsOfAFileWithoutItsEmptyOnes) {
  EXPECT_THAT(read("---\n# nothing\n---\nkind: A\n---\n---\nkind: B\nport: 80\n...\n"),
              ElementsAre("4: {\"kind\":\"A\"}", "7: {\"kind\":\"B\",\"port\":80}"));
  EXPECT_THAT(read(""), IsEmpty());
  EXPECT_THAT(read("# only a comment\n"), IsEmpty());
}

TEST(Manifests, MayBeJson) {
  EXPECT_THAT(read(" \n{\"kind\": \"A\",\n\t\"a\": \"\\/\\ud83d\\ude00\"}\n"),
              ElementsAre("1: {\"a\":\"/\U0001F600\",\"kind\":\"A\"}"));
  EXPECT_THAT(read("{\"kind\": \"A\",\n\"kind\": \"B\"}"),
              ElementsAre("kind: Duplicate value: the field stands twice in one object"));
}

TEST(Manifests, FlowYamlNeedNotBeJson) {
  EXPECT_THAT(read("{kind: A, on: 'on'}"), ElementsAre("1: {\"kind\":\"A\",\"true\":\"on\"}"));
}

TEST(Manifests, ListsAreTakenApart) {
  EXPECT_THAT(read("apiVersion: v1\nkind: List\nitems:\n- kind: A\n-\n  kind: B\n"),
              ElementsAre("4: {\"kind\":\"A\"}", "6: {\"kind\":\"B\"}"));
  EXPECT_THAT(read(R"({"kind":"SandboxList","items":[{"kind":"A"},null]})"),
              ElementsAre("1: {\"kind\":\"A\"}"));
  EXPECT_THAT(read("kind: List\nitems: []\n"), IsEmpty());
  EXPECT_THAT(read("kind: Listed\nitems: []\n"),
              ElementsAre("1: {\"items\":[],\"kind\":\"Listed\"}"));
}

TEST(Manifests, AreObjects) {
  EXPECT_THAT(read("a: 1\n---\n- a\n"), ElementsAre("line 3: an object is expected, not: array"));
  EXPECT_THAT(read("just text"), ElementsAre("line 1: an object is expected, not: string"));
  EXPECT_THAT(read("kind: List\nitems:\n- {}\n- 7\n"),
              ElementsAre("line 4: an object is expected, not: number"));
}

TEST(Manifests, ErrorsNameTheLine) {
  EXPECT_THAT(read("kind: A\nspec:\n  a: 1\n a: 2\n"), ElementsAre(HasSubstr("line 4: ")));
  EXPECT_THAT(read("{\"kind\": \"A\"\n\"b\": 1}"), ElementsAre(HasSubstr("line 2: ")));
}

TEST(Manifests, HaveABound) {
  EXPECT_THAT(read(std::string(kMaxManifestBytes + 1, ' ')),
              ElementsAre("a manifest may not be more than 16777216 bytes"));
}

}  // namespace
}  // namespace sandboxlet::api
