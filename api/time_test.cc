#include "api/time.h"

#include <gtest/gtest.h>

namespace sandboxlet::api {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(Time, MicroTimesHaveSixDecimals) {
  const WallTime time = *parse_time("2026-01-02T03:04:05Z");
  EXPECT_EQ(format_micro_time(time), "2026-01-02T03:04:05.000000Z");
  EXPECT_EQ(format_micro_time(time + std::chrono::microseconds(1234)),
            "2026-01-02T03:04:05.001234Z");
}

TEST(Time, IsWrittenInUtcWithWholeSeconds) {
  EXPECT_EQ(format_time(WallTime(seconds(1'800'000'000) + milliseconds(999))),
            "2027-01-15T08:00:00Z");
  EXPECT_EQ(format_time(WallTime(seconds(-1))), "1969-12-31T23:59:59Z");
}

TEST(Time, ReadsOffsetsAndDecimals) {
  const WallTime eight(seconds(1'800'000'000));
  EXPECT_EQ(*parse_time("2027-01-15T08:00:00Z"), eight);
  EXPECT_EQ(*parse_time("2027-01-15T10:00:00+02:00"), eight);
  EXPECT_EQ(*parse_time("2027-01-14T23:30:00-08:30"), eight);
  EXPECT_EQ(*parse_time("2027-01-15T08:00:00.000000001Z"), eight + nanoseconds(1));
  EXPECT_EQ(*parse_time("2027-01-15T08:00:00.5Z"), eight + milliseconds(500));
}

TEST(Time, RefusesWhatIsNotRfc3339) {
  for (const char* text : {"", "now", "2027-01-15", "2027-01-15 08:00:00Z", "2027-01-15T08:00:00",
                           "2027-02-30T08:00:00Z", "2027-01-15T24:00:00Z", "2027-01-15T08:00:00.Z",
                           "2027-01-15T08:00:00Zx", "9999-01-15T08:00:00Z", "0001-01-01T00:00:00Z",
                           "2027-01-15T08:00:00.1234567890Z", "2027-01-15T08:00:00+0200"}) {
    EXPECT_FALSE(parse_time(text).has_value()) << text;
  }
}

TEST(GoDuration, ReadsEveryUnit) {
  EXPECT_EQ(*parse_duration("1h30m"), hours(1) + minutes(30));
  EXPECT_EQ(*parse_duration("1.5s"), milliseconds(1500));
  EXPECT_EQ(*parse_duration("-300ms"), -milliseconds(300));
  EXPECT_EQ(*parse_duration("1us2ns"), nanoseconds(1002));
  EXPECT_EQ(*parse_duration("1\u00b5s"), nanoseconds(1000));
  EXPECT_EQ(*parse_duration(".5m"), seconds(30));
  EXPECT_EQ(*parse_duration("+0"), Duration(0));
}

TEST(GoDuration, RefusesWhatGoRefuses) {
  for (const char* text : {"", "-", "1", "10 s", "s", "1d", ".s", "1.2.3s", "9999999h", "1h-1m",
                           "99999999999999999999999999999999999999999s"}) {
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace sandboxlet::api
