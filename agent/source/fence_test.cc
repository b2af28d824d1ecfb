#include "agent/source/fence.h"

#include <gmock/gmock.h>

namespace sandboxlet::agent {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr TimePoint kBegun{minutes(10)};

class FenceTest : public testing::Test {
 protected:
  std::vector<std::string> due(Duration after) {
    std::vector<std::string> uids;
    for (const auto& one : fence_.take_due(kBegun + after)) uids.push_back(one.uid);
    return uids;
  }

  Fence fence_{seconds(40), kBegun};
};

TEST_F(FenceTest, EachIsDueTenSecondsBeforeItMayBeBoundElsewhere) {
  fence_.set("short", seconds(0));
  fence_.set("long", seconds(300));
  fence_.set("stays", std::nullopt);
  EXPECT_EQ(fence_.next(), kBegun + seconds(30));
  EXPECT_THAT(due(seconds(29)), IsEmpty());
  EXPECT_THAT(due(seconds(30)), ElementsAre("short"));
  EXPECT_EQ(fence_.next(), kBegun + seconds(330));
  EXPECT_EQ(fence_.next("long"), kBegun + seconds(330));
  for (const char* uid : {"short", "stays", "unknown"}) {
    EXPECT_EQ(fence_.next(uid), TimePoint::max()) << uid;
  }
  EXPECT_THAT(due(minutes(60)), ElementsAre("long"));
  EXPECT_EQ(fence_.next(), TimePoint::max());
  EXPECT_THAT(fence_.fenced(), ElementsAre("long", "short"));
}

TEST_F(FenceTest, WhatCannotBeFrozenIsKilledFiveSecondsBefore) {
  fence_.set("a", seconds(60));
  EXPECT_EQ(fence_.take_due(kBegun + minutes(2)).front().kill_at, kBegun + seconds(95));
}

TEST_F(FenceTest, ARenewalPutsItOff) {
  fence_.set("a", seconds(0));
  fence_.renewed(kBegun + seconds(20));
  // An answer that comes late tells of an earlier one.
  fence_.renewed(kBegun + seconds(10));
  EXPECT_THAT(due(seconds(49)), IsEmpty());
  EXPECT_THAT(due(seconds(50)), ElementsAre("a"));
}

TEST_F(FenceTest, IsReleasedOnlyAfterARenewal) {
  fence_.set("a", seconds(0));
  EXPECT_THAT(due(seconds(30)), ElementsAre("a"));
  EXPECT_FALSE(fence_.release("a", kBegun + seconds(31)));
  fence_.renewed(kBegun + seconds(40));
  EXPECT_THAT(fence_.fenced(), ElementsAre("a"));
  EXPECT_TRUE(fence_.release("a", kBegun + seconds(41)));
  EXPECT_THAT(fence_.fenced(), IsEmpty());
  EXPECT_EQ(fence_.next(), kBegun + seconds(70));
  EXPECT_FALSE(fence_.release("unknown", kBegun));
}

TEST_F(FenceTest, TellsWhatIsNewAndRecordsAll) {
  EXPECT_TRUE(fence_.set("stays", std::nullopt));
  EXPECT_FALSE(fence_.set("stays", std::nullopt));
  EXPECT_TRUE(fence_.set("a", std::nullopt));
  EXPECT_TRUE(fence_.set("a", seconds(300)));
  EXPECT_EQ(fence_.record(),
            (FenceRecord{seconds(40), {{"a", seconds(340)}, {"stays", std::nullopt}}}));
}

}  // namespace
}  // namespace sandboxlet::agent
