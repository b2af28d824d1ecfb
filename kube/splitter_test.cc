#include "kube/splitter.h"

#include <gmock/gmock.h>

#include <vector>

namespace sandboxlet::kube {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// What comes out where the text comes in pieces of that size.
template <class Splitter>
std::vector<std::string> parts(Splitter& splitter, std::string_view text, size_t size) {
  std::vector<std::string> all;
  for (size_t at = 0; at < text.size(); at += size) {
    splitter.feed(text.substr(at, size), [&](std::string_view part) { all.emplace_back(part); });
  }
  return all;
}

TEST(LineSplitter, HandsOutWholeLinesWhateverThePieces) {
  for (const size_t size : {1, 2, 3, 5, 100}) {
    LineSplitter lines;
    EXPECT_THAT(parts(lines, "one\n\ntwo\nthr", size), ElementsAre("one", "two")) << size;
    EXPECT_EQ(lines.rest(), "thr");
  }
}

TEST(ListSplitter, HandsOutItemsAndKeepsTheList) {
  constexpr char kList[] =
      R"({"kind":"List","metadata":{"continue":"x"},"items":[{"a":[1,{"b":"}]"}]}, {"c":"\"{"}]})";
  for (const size_t size : {1, 2, 3, 7, 1000}) {
    ListSplitter list;
    EXPECT_THAT(parts(list, kList, size), ElementsAre(R"({"a":[1,{"b":"}]"}]})", R"({"c":"\"{"})"))
        << size;
    EXPECT_EQ(list.rest(), R"({"kind":"List","metadata":{"continue":"x"},"items":[]})");
  }
}

TEST(ListSplitter, OnlyTheOutermostItemsAreItems) {
  ListSplitter list;
  EXPECT_THAT(parts(list, R"({"metadata":{"items":[{"a":1}]},"x":[{"b":2}],"items":[]})", 4),
              IsEmpty());
  EXPECT_EQ(list.rest(), R"({"metadata":{"items":[{"a":1}]},"x":[{"b":2}],"items":[]})");
}

TEST(ListSplitter, ABackslashBeforeTheQuoteEndsNoString) {
  ListSplitter list;
  EXPECT_THAT(parts(list, R"({"items":[{"a":"\\"},{"b":"\\\""}]})", 3),
              ElementsAre(R"({"a":"\\"})", R"({"b":"\\\""})"));
}

}  // namespace
}  // namespace sandboxlet::kube
