#include "scheduler-shim/held.h"

#include <gtest/gtest.h>

namespace sandboxlet::scheduler {
namespace {

using api::Depth;

PodTemplateInfo spec() {
  PodTemplateInfo spec;
  spec.requests = {1000, 2000, 3000, 1, {{"example.com/gpu", 1}}};
  return spec;
}

TEST(Held, EachDepthGivesBackWhatItPromises) {
  const Resources all = spec().requests;
  EXPECT_EQ(held_resources(spec(), Depth::kRunning), all);
  EXPECT_EQ(held_resources(spec(), Depth::kFreeze), all);
  EXPECT_EQ(held_resources(spec(), Depth::kHibernate),
            (Resources{1000, 0, 3000, 1, {{"example.com/gpu", 1}}}));
  EXPECT_EQ(held_resources(spec(), Depth::kStop), (Resources{0, 0, 3000, 1, {}}));
  EXPECT_EQ(held_resources(spec(), Depth::kTerminate), Resources());
}

TEST(Held, IsGivenBackWhenSuspendedAndTakenWhenAskedFor) {
  // While it is being suspended the status says so not yet.
  EXPECT_EQ(depth_held(true, Depth::kRunning, false), Depth::kRunning);
  EXPECT_EQ(depth_held(true, Depth::kStop, true), Depth::kStop);
  // The user has asked for it back.
  EXPECT_EQ(depth_held(false, Depth::kStop, true), Depth::kRunning);
  // The agent stopped it by itself, for idleness or pressure.
  EXPECT_EQ(depth_held(false, Depth::kStop, false), Depth::kStop);
}

}  // namespace
}  // namespace sandboxlet::scheduler
