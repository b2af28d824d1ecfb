// The traps of design suspend.md that take a runtime to fall into.

#include <signal.h>

#include <chrono>
#include <random>
#include <thread>

#include "agent/suspend/cgroups.h"
#include "agent/suspend/test_swap.h"
#include "tests/rig/eventually.h"
#include "tests/rig/seed.h"
#include "tests/scenario/agent_test.h"
#include "tests/scenario/manifest.h"

namespace sandboxlet::test {
namespace {

constexpr uint64_t kMega = 1 << 20;
// Its first process holds forty megabytes.
constexpr char kHolds[] =
    "mkfifo /scratch/f; (head -c 40000000 /dev/zero; exec sleep 1000) > /scratch/f & "
    "exec tail -n 1 /scratch/f";
// The same, once it is sent SIGUSR1.
constexpr char kHoldsLater[] =
    "trap 'go=1' USR1; until [ $go ]; do sleep 0.1; done; "
    "(head -c 40000000 /dev/zero; exec sleep 1000) | tail -n 1";
// Writes down when it listens, and what it hears.
constexpr char kHears[] =
    "trap 'echo heard >> /home/words; exit 0' TERM; echo listens >> /home/words; "
    "while :; do sleep 0.1; done";
constexpr uint64_t kHeld = 38 * kMega;

class SuspendTrapsTest : public AgentTest {
 protected:
  void run(const std::string& name, const std::string& manifest) {
    const auto applied = apply(manifest);
    ASSERT_TRUE(applied.ok()) << applied.error_message();
    ASSERT_TRUE(becomes(name, "Ready", "True"));
  }
  void await_word(const std::string& word) {
    ASSERT_TRUE(eventually([&] {
      return run_in("box", {"tail", "-n", "1", "/home/words"}) == word + "\n";
    }));
  }
  // Beside the agent; with the pool's limits, which last until the next call.
  std::unique_ptr<agent::Cgroups> cgroups(const agent::CgroupLimits& pool = {}) {
    auto opened = agent::open_cgroups(runtime().cgroup_root(), pool);
    EXPECT_TRUE(opened) << opened.error().message();
    return std::move(*opened);
  }
  bool holds(const std::string& name) {
    return cgroups()->usage(get(name)->metadata.uid)->memory_total > kHeld;
  }
  bool can_hibernate() {
    grpc::ClientContext context;
    pb::NodeResponse node;
    EXPECT_TRUE(agent().api().Node(&context, pb::NodeRequest(), &node).ok());
    return std::ranges::find(node.depths(), "Hibernate") != node.depths().end();
  }
  int restarts(const std::string& name) { return get(name)->status.containers.at(0).restartCount; }
};

TEST_F(SuspendTrapsTest, Trap2ASuspensionInTheMidstOfAStartLosesNoContainer) {
  std::mt19937 random(seed_of_this_run());
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(apply(manifest("box")).ok());
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 500'000));
    const auto suspended = suspend("box", "Freeze");
    EXPECT_TRUE(suspended.ok()) << round << ": " << suspended.error_message();
    const auto resumed = resume("box");
    EXPECT_TRUE(resumed.ok()) << round << ": " << resumed.error_message();
    EXPECT_NE(container_id("box"), "") << round;
    EXPECT_EQ(restarts("box"), 0) << round;
    ASSERT_TRUE(remove("box").ok());
  }
}

TEST_F(SuspendTrapsTest, Trap3AStopOfAFrozenOneLetsItHearItsSignal) {
  ASSERT_NO_FATAL_FAILURE(run("box", script_manifest("box", kHears)));
  for (const char* depth : {"Stop", "Terminate"}) {
    ASSERT_NO_FATAL_FAILURE(await_word("listens"));
    ASSERT_TRUE(suspend("box", "Freeze").ok());
    ASSERT_TRUE(suspend("box", depth).ok());
    ASSERT_TRUE(resume("box").ok());
  }
  ASSERT_NO_FATAL_FAILURE(await_word("listens"));
  EXPECT_EQ(run_in("box", {"cat", "/home/words"}), "listens\nheard\nlistens\nheard\nlistens\n");
}

TEST_F(SuspendTrapsTest, Trap5WhatTheNextAgentFindsIsMadeWhatIsWanted) {
  ASSERT_NO_FATAL_FAILURE(run("runs", manifest("runs")));
  ASSERT_NO_FATAL_FAILURE(run("frozen", manifest("frozen")));
  ASSERT_TRUE(suspend("frozen", "Freeze").ok());
  const auto runs = get("runs")->metadata.uid;
  const auto frozen = get("frozen")->metadata.uid;
  const pid_t before = pid("runs");
  agent().kill();
  // As if it had died between the freezer and the word, either way.
  ASSERT_TRUE(cgroups()->freeze(runs));
  ASSERT_TRUE(cgroups()->thaw(frozen));
  ASSERT_TRUE(agent().restart());
  EXPECT_TRUE(eventually([&] { return is_frozen(frozen) && !is_frozen(runs); }));
  EXPECT_TRUE(becomes("frozen", "Suspended", "True"));
  EXPECT_TRUE(becomes("runs", "Ready", "True"));
  EXPECT_EQ(pid("runs"), before);
}

TEST_F(SuspendTrapsTest, Trap9AFrozenVictimOfTheOomKillerStaysSuspendedAndRunsAgainLater) {
  // Else the agent would stop it for memory's sake first.
  std::string victim = script_manifest("victim", kHolds);
  victim.insert(victim.find(R"("podTemplate")"), R"("suspend":{"deepest":"Freeze"},)");
  ASSERT_NO_FATAL_FAILURE(run("victim", victim));
  ASSERT_NO_FATAL_FAILURE(run("other", script_manifest("other", kHoldsLater)));
  ASSERT_TRUE(eventually([&] { return holds("victim"); }));
  ASSERT_TRUE(suspend("victim", "Freeze").ok());
  agent::CgroupLimits pool;
  pool.memory_bytes = static_cast<int64_t>(cgroups()->pool_memory()->used + 8 * kMega);
  const auto limited = cgroups(pool);
  const auto uid = get("victim")->metadata.uid;
  EXPECT_TRUE(eventually([&] {
    kill(pid("other"), SIGUSR1);
    return limited->usage(uid)->memory_total < kHeld / 2;
  }));
  EXPECT_TRUE(eventually([&] { return holds("other"); }));
  EXPECT_TRUE(is_frozen(uid));
  EXPECT_TRUE(becomes("victim", "Suspended", "True"));
  EXPECT_TRUE(resume("victim").ok());
  // On v1 its last process ends only now, as others of its pid namespace were frozen.
  EXPECT_TRUE(eventually([&] { return restarts("victim") == 1; }));
  EXPECT_TRUE(becomes("victim", "Ready", "True"));
  EXPECT_EQ(restarts("other"), 0);
}

TEST_F(SuspendTrapsTest, Trap9ANewLimitForAFrozenOneChangesNothingThatRuns) {
  ASSERT_NO_FATAL_FAILURE(run("box", manifest("box")));
  const pid_t before = pid("box");
  ASSERT_TRUE(suspend("box", "Freeze").ok());
  const std::string limits = R"("resources":{"limits":{"memory":"64Mi","cpu":"500m"}},)";
  ASSERT_TRUE(apply(counter_manifest("box", "", limits)).ok());
  EXPECT_TRUE(becomes("box", "Suspended", "True"));
  EXPECT_TRUE(is_frozen(get("box")->metadata.uid));
  ASSERT_TRUE(resume("box").ok());
  EXPECT_EQ(pid("box"), before);
  EXPECT_EQ(restarts("box"), 0);
}

TEST_F(SuspendTrapsTest, Trap10AHibernatedOnesMemoryGoesToSwapWhateverTheRuntimeAllowed) {
  const std::string why_not = agent::TestSwap::why_not();
  if (!why_not.empty()) GTEST_SKIP() << why_not;
  const auto swap = agent::TestSwap::make(256 * kMega);
  ASSERT_TRUE(swap) << swap.error().message();
  ASSERT_NO_FATAL_FAILURE(run("box", script_manifest("box", kHolds)));
  ASSERT_TRUE(eventually([&] { return holds("box") && can_hibernate(); }));
  const auto uid = get("box")->metadata.uid;
  const pid_t before = pid("box");
  ASSERT_TRUE(suspend("box", "Hibernate").ok());
  EXPECT_EQ(get("box")->status.suspend->depth, "Hibernate");
  EXPECT_GT(cgroups()->usage(uid)->memory_swapped, kHeld * 3 / 4);
  EXPECT_TRUE(is_frozen(uid));
  ASSERT_TRUE(resume("box").ok());
  EXPECT_EQ(pid("box"), before);
  EXPECT_EQ(restarts("box"), 0);
  EXPECT_TRUE((*swap)->remove());
}

}  // namespace
}  // namespace sandboxlet::test
