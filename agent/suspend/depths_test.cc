#include "agent/suspend/depths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandboxlet::agent {
namespace {

using api::Depth;
using testing::HasSubstr;

MemoryFacts with_swap(uint64_t bytes) {
  MemoryFacts facts;
  facts.swap_total = bytes;
  return facts;
}

TEST(Depths, AreAllWhereMemoryCanGoToSwap) {
  const auto depths = possible_depths(ReclaimSupport::kSupported, with_swap(1));
  EXPECT_EQ(depths.possible,
            (Depths{Depth::kFreeze, Depth::kHibernate, Depth::kStop, Depth::kTerminate}));
  EXPECT_TRUE(depths.missing.empty());
}

TEST(Depths, LackHibernateForAReason) {
  const struct {
    ReclaimSupport support;
    uint64_t swap;
    const char* why;
  } cases[] = {{ReclaimSupport::kSupported, 0, "no swap"},
               {ReclaimSupport::kNoMemoryController, 1, "controller"},
               {ReclaimSupport::kNoMemoryReclaim, 1, "memory.reclaim"}};
  for (const auto& one : cases) {
    const auto depths = possible_depths(one.support, with_swap(one.swap));
    EXPECT_EQ(depths.possible, (Depths{Depth::kFreeze, Depth::kStop, Depth::kTerminate}));
    EXPECT_THAT(depths.missing.at(Depth::kHibernate), HasSubstr(one.why));
  }
}

}  // namespace
}  // namespace sandboxlet::agent
