#include "scheduler-shim/expiry.h"

#include <gmock/gmock.h>

namespace sandboxlet::scheduler {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr WallTime kNow{seconds(1'800'000'000)};

TEST(Expiry, TakesOutWhatIsDueInItsOrder) {
  Expiry expiry;
  expiry.set("later", kNow + seconds(10));
  expiry.set("second", kNow);
  expiry.set("first", kNow - seconds(1));
  EXPECT_EQ(expiry.next(), kNow - seconds(1));
  EXPECT_THAT(expiry.take_due(kNow), ElementsAre("first", "second"));
  EXPECT_THAT(expiry.take_due(kNow), IsEmpty());
  EXPECT_EQ(expiry.next(), kNow + seconds(10));
}

TEST(Expiry, ATimeThatIsMovedCountsFromThere) {
  Expiry expiry;
  expiry.set("moved", kNow);
  expiry.set("moved", kNow + seconds(10));
  expiry.set("taken-away", kNow);
  expiry.remove("taken-away");
  EXPECT_THAT(expiry.take_due(kNow), IsEmpty());
  EXPECT_THAT(expiry.take_due(kNow + seconds(10)), ElementsAre("moved"));
  EXPECT_EQ(expiry.next(), WallTime::max());
}

}  // namespace
}  // namespace sandboxlet::scheduler
