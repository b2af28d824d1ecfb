#include "agent/rest/work_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/manual_loop.h"

namespace sandboxlet::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

struct Told {
  std::string uid;
  bool found;
  Duration at;
  bool operator==(const Told&) const = default;
};

class WorkWatchTest : public testing::Test {
 protected:
  WorkWatchTest() { watch_.start(); }
  ~WorkWatchTest() override { watch_.stop(); }

  std::optional<TimePoint> tell(const std::vector<WorkSubject>& all, const std::vector<bool>& found,
                                TimePoint at) {
    for (size_t i = 0; i < all.size(); ++i) told_.push_back({all[i].uid, found[i], at - begun_});
    return due_;
  }

  ManualLoop loop_;
  uint64_t cpu_ = 0;
  std::vector<WorkSubject> subjects_{{"u-1", 7}};
  std::vector<Told> told_;
  const TimePoint begun_ = loop_.clock().now();
  // When the first would fall asleep.
  TimePoint due_ = begun_;
  WorkWatch watch_{
      {loop_.io(), loop_.clock(), loop_.io().get_executor(), [this] { return subjects_; },
       [this](const auto& all, const auto& found, TimePoint at) { return tell(all, found, at); }},
      {[this](const std::string&) {
         return WorkGauges::Counter([this]() -> Result<uint64_t> { return cpu_; });
       },
       [](pid_t) -> Result<WorkGauges::Counter> { return Error(Code::kNotFound, "none"); }},
      10};
};

TEST_F(WorkWatchTest, TellsEachSecondWhatItFoundOfWhoIsToBeLookedAt) {
  loop_.run_for(seconds(2) + milliseconds(500));
  cpu_ += 500'000'000;
  loop_.run_for(seconds(1));
  subjects_.clear();
  loop_.run_for(seconds(2));
  EXPECT_THAT(told_, ElementsAre(Told{"u-1", true, seconds(1)}, Told{"u-1", false, seconds(2)},
                                 Told{"u-1", true, seconds(3)}));
}

TEST_F(WorkWatchTest, LooksEveryOtherSecondUntilOneIsDueSoon) {
  due_ = begun_ + seconds(9);
  loop_.run_for(seconds(9));
  std::vector<Duration> times;
  for (const Told& told : told_) times.push_back(told.at);
  EXPECT_THAT(times, ElementsAre(seconds(1), seconds(2), seconds(4), seconds(6), seconds(7),
                                 seconds(8), seconds(9)));
}

}  // namespace
}  // namespace sandboxlet::agent
