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

TEST(WorkWatch, TellsEachSecondWhatItFoundOfWhoIsToBeLookedAt) {
  ManualLoop loop;
  uint64_t cpu = 0;
  std::vector<WorkSubject> subjects{{"u-1", 7}};
  std::vector<Told> told;
  const TimePoint begun = loop.clock().now();
  WorkWatch watch(
      {loop.io(), loop.clock(), loop.io().get_executor(), [&] { return subjects; },
       [&](const std::string& uid, bool found, TimePoint at) {
         told.push_back({uid, found, at - begun});
       }},
      {[&](const std::string&) {
         return WorkGauges::Counter([&]() -> Result<uint64_t> { return cpu; });
       },
       [](pid_t) -> Result<WorkGauges::Counter> { return Error(Code::kNotFound, "none"); }},
      10);
  watch.start();
  loop.run_for(seconds(2) + milliseconds(500));
  cpu += 500'000'000;
  loop.run_for(seconds(1));
  subjects.clear();
  loop.run_for(seconds(2));
  watch.stop();
  EXPECT_THAT(told, ElementsAre(Told{"u-1", true, seconds(1)}, Told{"u-1", false, seconds(2)},
                                Told{"u-1", true, seconds(3)}));
}

}  // namespace
}  // namespace sandboxlet::agent
