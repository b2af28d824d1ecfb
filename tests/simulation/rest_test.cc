#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include <optional>

#include "tests/simulation/life.h"
#include "tests/simulation/manifest.h"

namespace sandboxlet::simulation {
namespace {

using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

// One Sandbox that sleeps after half a minute, through the lives of its agent.
class RestingTest : public testing::Test {
 protected:
  RestingTest() {
    spdlog::set_level(spdlog::level::off);
    api::Sandbox box = sandbox("box", 1);
    auto& suspend = box.spec.suspend.emplace();
    suspend.depth = suspend.deepest = "Freeze";
    suspend.idleTimeout = "30s";
    uid_ = box.metadata.uid;
    desired_[uid_] = box;
    life_.emplace(machine_, desired_);
    run_for(seconds(1));
  }

  void kill_agent() {
    machine_.runtime().client_died(true);
    life_.reset();
  }
  void start_agent() { life_.emplace(machine_, desired_); }
  std::shared_ptr<agent::Actor> actor() { return life_->manager().find(uid_); }
  void run_for(Duration time) { machine_.run_for(&life_->loop(), time); }
  // It has no work for so long.
  void idle_for(seconds time) {
    for (seconds passed{}; passed < time; ++passed) {
      if (actor()->watched_process() != 0) {
        actor()->looked_for_work(false, life_->loop().clock().now());
      }
      run_for(seconds(1));
    }
  }
  bool is_frozen() const { return machine_.cgroups().frozen(uid_); }

  Machine machine_;
  Desired desired_;
  std::string uid_;
  std::optional<Life> life_;
};

TEST_F(RestingTest, SleepsOnceItHadNoWorkForSoLong) {
  idle_for(seconds(25));
  EXPECT_FALSE(is_frozen());
  idle_for(seconds(10));
  EXPECT_TRUE(is_frozen());
}

TEST_F(RestingTest, AfterItsAgentsDeathItIsLookedAtOnceItIsFoundAndHasItsWholeTime) {
  kill_agent();
  start_agent();
  EXPECT_THAT(life_->manager().watched_for_work(), IsEmpty());
  idle_for(seconds(25));
  EXPECT_THAT(life_->manager().watched_for_work(), SizeIs(1));
  EXPECT_FALSE(is_frozen());
  idle_for(seconds(10));
  EXPECT_TRUE(is_frozen());
}

// Told to sleep by a life that had thawed it.
TEST_F(RestingTest, WhoComesBeforeItIsFoundKeepsItAwakeForAsLongAsTheyStay) {
  idle_for(seconds(35));
  ASSERT_TRUE(is_frozen());
  kill_agent();
  ASSERT_TRUE(machine_.cgroups().thaw(uid_));
  start_agent();
  std::shared_ptr<void> stream = actor()->hold_awake();
  idle_for(seconds(60));
  EXPECT_FALSE(is_frozen());
  stream.reset();
  idle_for(seconds(35));
  EXPECT_TRUE(is_frozen());
}

}  // namespace
}  // namespace sandboxlet::simulation
