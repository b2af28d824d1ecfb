#include "kube/reflection.h"

#include <gtest/gtest.h>

namespace sandboxlet::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr TimePoint kNow{std::chrono::hours(1)};

Reflection synced() {
  Reflection reflection;
  reflection.version = "42";
  reflection.synced = true;
  return reflection;
}

Duration end(Reflection& reflection, Ending ending, std::optional<Duration> retry_after = {},
             TimePoint now = kNow, double jitter = 0) {
  return note_ending(reflection, ending, retry_after, now, jitter);
}

TEST(Reflection, BeginsWithAWatchListAndGoesOnWithWatches) {
  EXPECT_EQ(next_ask({}), Ask::kWatchList);
  EXPECT_EQ(next_ask(synced()), Ask::kWatch);
}

TEST(Reflection, AServerThatHasNoWatchListIsAskedForAListAtOnce) {
  Reflection reflection;
  EXPECT_EQ(end(reflection, Ending::kRefused), Duration());
  EXPECT_EQ(next_ask(reflection), Ask::kList);
  EXPECT_EQ(end(reflection, Ending::kFailed), milliseconds(800));
  EXPECT_EQ(next_ask(reflection), Ask::kList);
  end(reflection, Ending::kListed);
  EXPECT_FALSE(reflection.list_instead);
}

TEST(Reflection, AWatchThatEndsInItsTimeGoesOnAtOnceWhereItWas) {
  Reflection reflection = synced();
  EXPECT_EQ(end(reflection, Ending::kClosed), Duration());
  EXPECT_EQ(next_ask(reflection), Ask::kWatch);
  EXPECT_EQ(reflection.version, "42");
}

TEST(Reflection, AFailureKeepsTheVersion) {
  Reflection reflection = synced();
  EXPECT_EQ(end(reflection, Ending::kFailed), milliseconds(800));
  EXPECT_EQ(end(reflection, Ending::kClosedEarly), milliseconds(1600));
  EXPECT_EQ(next_ask(reflection), Ask::kWatch);
  EXPECT_EQ(reflection.version, "42");
}

TEST(Reflection, AVersionThatTheServerCannotServeMeansAllAnew) {
  for (const Ending ending : {Ending::kExpired, Ending::kTooLarge}) {
    Reflection reflection = synced();
    EXPECT_EQ(end(reflection, ending), milliseconds(800));
    EXPECT_EQ(next_ask(reflection), Ask::kWatchList);
    EXPECT_EQ(reflection.version, "");
  }
}

TEST(Reflection, BacksOffToHalfAMinuteAndForgetsAfterSomeQuiet) {
  Reflection reflection = synced();
  for (int i = 0; i < 10; ++i) end(reflection, Ending::kFailed);
  EXPECT_EQ(end(reflection, Ending::kFailed), seconds(30));
  EXPECT_EQ(end(reflection, Ending::kFailed, {}, kNow, 0.5), seconds(45));
  EXPECT_EQ(end(reflection, Ending::kFailed, {}, kNow + seconds(61)), milliseconds(800));
}

TEST(Reflection, WaitsAsLongAsTheServerAsks) {
  Reflection reflection = synced();
  EXPECT_EQ(end(reflection, Ending::kFailed, seconds(9)), seconds(9));
}

}  // namespace
}  // namespace sandboxlet::kube
