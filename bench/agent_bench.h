#pragma once

#include "bench/driver.h"
#include "bench/floor.h"
#include "bench/suite.h"
#include "tests/rig/agent_process.h"

namespace sandboxlet::bench {

// What an agent's figures are measured in: one containerd, the agent and the bare calls on it.
struct Bench {
  test::AgentProcess& agent;
  Driver driver;
  Floor& floor;
};

// How soon requests to Sandboxes that sleep are answered, to one at a time and to a hundred at
// once.
Result<Figures> wake(Bench& bench);
// By how much an idleTimeout is missed, either way.
Result<Figures> fall_asleep(Bench& bench);
// What a hibernation gives back, and how soon who hibernates answers.
Result<Figures> hibernate(Bench& bench);
// How many idle Sandboxes fit a pool, frozen and hibernating. On an agent of its own.
Result<Figures> pool_density(Bench& bench);
// What ten thousand suspensions and wakes lose and leave.
Result<Figures> cycles(Bench& bench);

}  // namespace sandboxlet::bench
