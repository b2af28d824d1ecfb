#include "scheduler-shim/liveness.h"

#include <gmock/gmock.h>

namespace sandboxlet::scheduler {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr TimePoint kNow{std::chrono::hours(1)};

TEST(Liveness, ANodeLivesWhileItsLeaseChangesWhateverTimeStandsInIt) {
  Liveness liveness(seconds(40));
  EXPECT_TRUE(liveness.note("node", "1999-01-01T00:00:00Z", kNow));
  EXPECT_FALSE(liveness.note("node", "2099-01-01T00:00:00Z", kNow + seconds(30)));
  EXPECT_THAT(liveness.expire(kNow + seconds(69)), IsEmpty());
  EXPECT_THAT(liveness.expire(kNow + seconds(70)), ElementsAre("node"));
}

TEST(Liveness, ALeaseThatIsToldAgainUnchangedKeepsNobodyAlive) {
  Liveness liveness(seconds(40));
  liveness.note("node", "x", kNow);
  EXPECT_FALSE(liveness.note("node", "x", kNow + seconds(39)));
  EXPECT_THAT(liveness.expire(kNow + seconds(40)), ElementsAre("node"));
  EXPECT_FALSE(liveness.note("node", "x", kNow + seconds(41)));
}

TEST(Liveness, ADeathIsToldOnceAndAReturnIsTold) {
  Liveness liveness(seconds(40));
  liveness.note("node", "x", kNow);
  EXPECT_THAT(liveness.expire(kNow + seconds(50)), ElementsAre("node"));
  EXPECT_THAT(liveness.expire(kNow + seconds(60)), IsEmpty());
  EXPECT_TRUE(liveness.note("node", "y", kNow + seconds(61)));
}

}  // namespace
}  // namespace sandboxlet::scheduler
