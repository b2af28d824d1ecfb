#include "agent/rest/memory_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/manual_loop.h"

namespace sandboxlet::agent {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

TEST(MemoryWatch, TellsEachSecondWhetherMemoryIsShortAndKeepsItsWordWhereItCannotLook) {
  constexpr uint64_t kMiB = uint64_t{1} << 20;
  ManualLoop loop;
  Result<MemoryFacts> node = MemoryFacts{.total = 1000 * kMiB, .available = 500 * kMiB};
  std::vector<bool> told;
  MemoryWatch watch({loop.io(),
                     loop.clock(),
                     loop.io().get_executor(),
                     [&] { return node; },
                     []() -> Result<PoolMemory> { return PoolMemory(); },
                     {.available_low = 200 * kMiB, .stall_high = 20},
                     [&](const MemoryFacts&, Pressure pressure) {
                       told.push_back(pressure == Pressure::kShort);
                     }});
  watch.start();
  loop.run_for(seconds(1));
  node->available = 100 * kMiB;
  loop.run_for(seconds(1));
  node = Error(Code::kInternal, "no /proc");
  loop.run_for(seconds(1));
  node = MemoryFacts{.total = 1000 * kMiB, .available = 500 * kMiB};
  loop.run_for(seconds(1));
  watch.stop();
  EXPECT_THAT(told, ElementsAre(false, true, true, false));
}

}  // namespace
}  // namespace sandboxlet::agent
