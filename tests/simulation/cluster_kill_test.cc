#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include "tests/simulation/cluster.h"

namespace sandboxlet::simulation {
namespace {

using testing::IsEmpty;

constexpr int kManySteps = 20'000;

// The agent's death after a number of steps of a story, which is the same each time.
struct Death {
  int after_steps = 0;
  bool finish_calls = false;
  int steps = 0;
};

// Lets the cluster run until all is as it is wanted, the death included when its time comes.
void settle(Cluster& cluster, Death& death) {
  for (int i = 0; i < kManySteps; ++i) {
    // Whoever can go on is not looked at.
    if (!cluster.step() && cluster.problems().empty()) return;
    if (++death.steps != death.after_steps) continue;
    cluster.kill_agent(death.finish_calls);
    cluster.start_agent();
  }
  ADD_FAILURE() << "never settles: " << testing::PrintToString(cluster.problems());
}

// A Sandbox's life in a cluster. False where it ended before the death came.
bool tell_story(Death death) {
  Cluster cluster;
  cluster.create("box");
  cluster.bind("box");
  settle(cluster, death);
  cluster.suspend("box", api::Depth::kFreeze);
  settle(cluster, death);
  cluster.resume("box");
  settle(cluster, death);
  // Away and back.
  cluster.bind("box", "node-2");
  settle(cluster, death);
  cluster.bind("box");
  settle(cluster, death);
  cluster.remove("box");
  settle(cluster, death);
  EXPECT_THAT(cluster.objects(), IsEmpty());
  cluster.create("box");
  cluster.bind("box");
  settle(cluster, death);
  // A namesake in its place at once.
  cluster.force_remove("box");
  cluster.create("box");
  cluster.bind("box");
  settle(cluster, death);
  // What was asked for by the dead may be done yet, and a relist finds it.
  cluster.run_for(std::chrono::seconds(25));
  EXPECT_THAT(cluster.problems(), IsEmpty());
  EXPECT_THAT(cluster.second_pass(), IsEmpty());
  return death.steps >= death.after_steps;
}

// kill -9 at each place where the agent awaits something, in turn; what it had asked for is done
// none the less at every other place, and never at those between.
TEST(ClusterKill, AtEveryAwaitNothingIsLostOrLeft) {
  spdlog::set_level(spdlog::level::off);
  for (const bool finish_calls : {true, false}) {
    int deaths = finish_calls ? 1 : 2;
    while (!HasFailure()) {
      SCOPED_TRACE(testing::Message() << "death after step " << deaths << ", calls "
                                      << (finish_calls ? "are finished" : "are dropped"));
      if (!tell_story({deaths, finish_calls})) break;
      deaths += 2;
    }
    EXPECT_GT(deaths, 200) << "the story is too short to tell anything";
    RecordProperty(finish_calls ? "deaths_finished" : "deaths_dropped", deaths);
  }
}

}  // namespace
}  // namespace sandboxlet::simulation
