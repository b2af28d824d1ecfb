#include "agent/suspend/ladder.h"

#include <gtest/gtest.h>

namespace sandboxlet::agent {
namespace {

using api::Depth;

const Depths kAll{Depth::kFreeze, Depth::kHibernate, Depth::kStop, Depth::kTerminate};
const Depths kNoSwap{Depth::kFreeze, Depth::kStop, Depth::kTerminate};
const Depths kNoFreezer{Depth::kStop, Depth::kTerminate};

TEST(Ladder, RunningIsRunning) {
  EXPECT_EQ(depth_to_be_at(Depth::kRunning, kAll), Depth::kRunning);
}

TEST(Ladder, WhatTheNodeCanDoIsDone) {
  for (const Depth depth : kAll) EXPECT_EQ(depth_to_be_at(depth, kAll), depth);
}

TEST(Ladder, WhatTheNodeCannotDoIsTheNextShallowerOne) {
  EXPECT_EQ(depth_to_be_at(Depth::kHibernate, kNoSwap), Depth::kFreeze);
}

TEST(Ladder, KeepsRunningWhatCanOnlyBeSuspendedWithLoss) {
  EXPECT_EQ(depth_to_be_at(Depth::kFreeze, kNoFreezer), Depth::kRunning);
}

}  // namespace
}  // namespace sandboxlet::agent
