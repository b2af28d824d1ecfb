#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include "tests/simulation/world.h"

namespace sandboxlet::simulation {
namespace {

using testing::IsEmpty;

constexpr int kManySteps = 10'000;

// The agent's death after a number of steps of a story, which is the same each time.
struct Death {
  int after_steps = 0;
  bool finish_calls = false;
  int steps = 0;
};

// Lets the world run until all is as wanted, the death included when its time comes.
void settle(World& world, Death& death) {
  for (int i = 0; i < kManySteps; ++i) {
    if (world.problems().empty()) return;
    world.step();
    if (++death.steps != death.after_steps) continue;
    world.kill_agent(death.finish_calls);
    world.start_agent();
  }
  ADD_FAILURE() << "never settles: " << testing::PrintToString(world.problems());
}

pid_t only_process(const World& world) {
  const auto& containers = world.machine().runtime().state().containers();
  return containers.size() == 1 ? containers.begin()->second.pid : 0;
}

// A Sandbox's whole life, down each depth and back. False where it ended before the death came.
bool tell_story(Death death) {
  World world(/*seed=*/1);
  const std::string uid = world.create();
  settle(world, death);
  const pid_t process = only_process(world);
  for (const api::Depth depth : {api::Depth::kFreeze, api::Depth::kHibernate}) {
    world.suspend(uid, depth);
    settle(world, death);
    world.resume(uid);
    settle(world, death);
    EXPECT_EQ(only_process(world), process) << "it cost the process";
  }
  for (const api::Depth depth : {api::Depth::kStop, api::Depth::kTerminate}) {
    world.suspend(uid, depth);
    settle(world, death);
    world.resume(uid);
    settle(world, death);
  }
  world.suspend(uid, api::Depth::kFreeze);
  settle(world, death);
  world.remove(uid);
  settle(world, death);
  EXPECT_THAT(world.converge(), IsEmpty());
  EXPECT_THAT(world.second_pass(), IsEmpty());
  return death.steps >= death.after_steps;
}

// kill -9 at each place where the agent awaits something, in turn; what it had asked of the runtime
// is done none the less, or never.
TEST(Kill, AtEveryAwaitNothingIsLostOrLeft) {
  spdlog::set_level(spdlog::level::off);
  for (const bool finish_calls : {true, false}) {
    int deaths = 1;
    while (!HasFailure()) {
      SCOPED_TRACE(testing::Message() << "death after step " << deaths << ", calls "
                                      << (finish_calls ? "are finished" : "are dropped"));
      if (!tell_story({deaths, finish_calls})) break;
      ++deaths;
    }
    EXPECT_GT(deaths, 100) << "the story is too short to tell anything";
    RecordProperty(finish_calls ? "deaths_finished" : "deaths_dropped", deaths);
  }
}

}  // namespace
}  // namespace sandboxlet::simulation
