#include <thread>

#include "tests/rig/eventually.h"
#include "tests/rig/seed.h"
#include "tests/scenario/agent_test.h"
#include "tests/scenario/storm_client.h"

namespace sandboxlet::test {
namespace {

constexpr int kKills = 50;
constexpr int kClients = 4;

class KillStormTest : public AgentTest {
 protected:
  // Lets several clients speak at once while the agent is killed time and again.
  void rage() {
    std::atomic<bool> end = false;
    std::vector<std::thread> threads;
    for (int i = 0; i < kClients; ++i) {
      auto& client = clients_.emplace_back(std::make_unique<StormClient>(
          agent(), runtime(), random_(), "client-" + std::to_string(i)));
      threads.emplace_back([&end, client = client.get()] { client->run(end); });
    }
    kill_at_random();
    end = true;
    for (auto& thread : threads) thread.join();
  }

  void kill_at_random() {
    for (int kill = 0; kill < kKills; ++kill) {
      std::this_thread::sleep_for(std::chrono::microseconds(random_() % 600'000));
      const auto restarted = agent().kill_and_restart();
      ASSERT_TRUE(restarted) << kill << ": " << restarted.error().message();
    }
  }

  void expect_no_fault() {
    for (const auto& client : clients_) {
      for (const auto& fault : client->faults()) ADD_FAILURE() << fault;
    }
  }

  // Of all Sandboxes that there are.
  std::vector<StormBox> boxes() const {
    std::vector<StormBox> all;
    for (const auto& client : clients_) {
      for (const auto& box : client->boxes()) {
        if (!box.may_be.contains(Wanted::kAbsent)) all.push_back(box);
      }
    }
    return all;
  }

  // What boxes that all run hold, and nothing besides.
  void expect_only(const std::vector<StormBox>& boxes);

  std::mt19937_64 random_{seed_of_this_run()};
  std::vector<std::unique_ptr<StormClient>> clients_;
};

void KillStormTest::expect_only(const std::vector<StormBox>& boxes) {
  std::multiset<std::string> uids;
  for (const auto& box : boxes) uids.insert(box.uid);
  auto held = holdings();
  for (const char* kind :
       {"pods", "ready pods", "running containers", "cgroups", "volumes", "logs"}) {
    EXPECT_EQ(held[kind], uids) << kind;
  }
  for (const char* kind : {"addresses", "ports", "network namespaces", "shims", "volume mounts"}) {
    EXPECT_EQ(held[kind].size(), uids.size()) << kind;
  }
  // The pod's own and the container's.
  EXPECT_EQ(held["tasks"].size(), 2 * uids.size());
  // Of those that have ended, one is kept for its logs.
  const size_t ended = held["other containers"].size();
  EXPECT_EQ(held["records"].size(), 2 * uids.size() + ended);
  EXPECT_EQ(held["snapshots"].size(), 2 * uids.size() + ended);
  // Network namespace, /dev/shm and two root file systems.
  EXPECT_EQ(held["runtime mounts"].size(), 4 * uids.size());
  EXPECT_THAT(held["other files"], testing::IsEmpty());
}

TEST_F(KillStormTest, EveryAcceptedWordHoldsAndNothingIsLeft) {
  ASSERT_NO_FATAL_FAILURE(rage());
  for (const auto& client : clients_) client->settle();
  expect_no_fault();
  for (const auto& box : boxes()) {
    const bool frozen = box.may_be.contains(Wanted::kFrozen) && box.pid != 0;
    EXPECT_EQ(is_frozen(box.uid), frozen) << box.name;
  }
  for (const auto& client : clients_) client->resume();
  expect_no_fault();
  expect_only(boxes());
  for (const auto& client : clients_) {
    std::cout << client->accepted() << " calls accepted, " << client->unanswered() << " cut off\n";
  }
}

}  // namespace
}  // namespace sandboxlet::test
