#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include "tests/simulation/life.h"
#include "tests/simulation/manifest.h"

namespace sandboxlet::simulation {
namespace {

using std::chrono::seconds;

// One frozen Sandbox that may be stopped, and wakes on traffic.
class PressureTest : public testing::Test {
 protected:
  PressureTest() {
    spdlog::set_level(spdlog::level::off);
    api::Sandbox box = sandbox("box", 1);
    auto& suspend = box.spec.suspend.emplace();
    suspend.depth = "Freeze";
    suspend.deepest = "Stop";
    suspend.wakeOnTraffic = true;
    uid_ = box.metadata.uid;
    desired_[uid_] = box;
    life_.manager().want_new(desired_[uid_]);
    machine_.run_for(&life_.loop(), seconds(10));
    desired_[uid_].spec.operatingMode = "Suspended";
    ++desired_[uid_].metadata.generation;
  }
  void suspend() {
    life_.manager().want(desired_[uid_]);
    machine_.run_for(&life_.loop(), seconds(2));
  }
  // Sooner than time alone would have it.
  void be_short_of_memory() {
    for (int second = 0; second < 10; ++second) {
      life_.manager().set_memory_short(true);
      machine_.run_for(&life_.loop(), seconds(1));
    }
  }
  std::string depth() { return desired_[uid_].status.suspend->depth; }

  Machine machine_;
  Desired desired_;
  std::string uid_;
  Life life_{machine_, desired_};
};

TEST_F(PressureTest, WhatCannotHibernateForWantOfSwapIsStopped) {
  machine_.cgroups().fault = [](std::string_view operation, const std::string&) -> Result<> {
    if (operation != "reclaim") return {};
    return Error(Code::kResourceExhausted, "no swap is free");
  };
  suspend();
  ASSERT_EQ(depth(), "Freeze");
  be_short_of_memory();
  EXPECT_EQ(depth(), "Stop");
}

TEST_F(PressureTest, WhatNoTrafficCanWakeGoesDeeperAllTheSame) {
  machine_.traffic().cannot_follow = true;
  suspend();
  ASSERT_EQ(depth(), "Freeze");
  be_short_of_memory();
  EXPECT_EQ(depth(), "Stop");
}

}  // namespace
}  // namespace sandboxlet::simulation
