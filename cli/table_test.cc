#include "cli/table.h"

#include <gtest/gtest.h>

namespace sandboxlet::cli {
namespace {

TEST(Table, ColumnsAreAsWideAsTheirWidestCell) {
  EXPECT_EQ(table({{"NAME", "AGE"}, {"a-long-name", "5s"}}),
            "NAME          AGE\n"
            "a-long-name   5s\n");
}

TEST(Table, WhatIsAddedStandsBelowWhatWasThere) {
  Table columns;
  EXPECT_EQ(columns.add({{"NAME", "AGE"}, {"longer", "1s"}}), "NAME     AGE\nlonger   1s\n");
  EXPECT_EQ(columns.add({{"x", "2s"}}), "x        2s\n");
  EXPECT_EQ(columns.add({{"much-longer", "3s"}}), "much-longer   3s\n");
  EXPECT_EQ(columns.add({{"x", "4s"}}), "x             4s\n");
}

TEST(Table, OfNothingIsNothing) { EXPECT_EQ(table({}), ""); }

// apimachinery: util/duration.HumanDuration.
TEST(HumanDuration, IsAsKubectlHasIt) {
  constexpr int64_t kMinute = 60;
  constexpr int64_t kHour = 60 * kMinute;
  constexpr int64_t kDay = 24 * kHour;
  EXPECT_EQ(human_duration(-5), "0s");
  EXPECT_EQ(human_duration(119), "119s");
  EXPECT_EQ(human_duration(2 * kMinute), "2m");
  EXPECT_EQ(human_duration(9 * kMinute + 59), "9m59s");
  EXPECT_EQ(human_duration(10 * kMinute + 1), "10m");
  EXPECT_EQ(human_duration(3 * kHour + 5 * kMinute), "3h5m");
  EXPECT_EQ(human_duration(9 * kHour + 5 * kMinute), "9h");
  EXPECT_EQ(human_duration(3 * kDay + 2 * kHour), "3d2h");
  EXPECT_EQ(human_duration(9 * kDay), "9d");
  EXPECT_EQ(human_duration(3 * 365 * kDay + 2 * kDay), "3y2d");
  EXPECT_EQ(human_duration(9 * 365 * kDay), "9y");
}

TEST(HumanBytes, HaveOneDecimalBelowTen) {
  EXPECT_EQ(human_bytes(0), "0");
  EXPECT_EQ(human_bytes(1023), "1023");
  EXPECT_EQ(human_bytes(1536), "1.5Ki");
  EXPECT_EQ(human_bytes(uint64_t{200} << 20), "200Mi");
  EXPECT_EQ(human_bytes(uint64_t{5000} << 40), "5000Ti");
}

}  // namespace
}  // namespace sandboxlet::cli
