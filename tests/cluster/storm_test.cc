#include <random>
#include <set>

#include "tests/cluster/cluster_test.h"
#include "tests/rig/eventually.h"
#include "tests/rig/seed.h"

namespace sandboxlet::test {
namespace {

constexpr int kNames = 8;
constexpr int kKills = 30;

int64_t seconds_since(std::chrono::steady_clock::time_point begun) {
  const auto gone = std::chrono::steady_clock::now() - begun;
  return std::chrono::duration_cast<std::chrono::seconds>(gone).count();
}

// Users who create, pause, resume and delete by chance, while agents, the shim and the API server
// are killed under them. At the end all is as they last said.
class ClusterStormTest : public ClusterTest {
 protected:
  static std::string name(int index) { return "storm-" + std::to_string(index); }

  void begin_storm() {
    begin(2);
    std::cout << std::flush;
    random_.seed(seed_of_this_run());
  }

  int chance(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }

  // Whether the server takes it is no matter: it may be away.
  void disturb() {
    const std::string one = name(chance(kNames));
    const kube::ObjectRef all{kube::kSandboxes, "default", "", ""};
    const kube::ObjectRef ref{kube::kSandboxes, "default", one, ""};
    switch (chance(5)) {
      case 0:
        static_cast<void>(loop_.run(client().remove(ref)));
        break;
      case 1:
      case 2: {
        const Json patch{{"spec", {{"pause", chance(2) == 0}}}};
        static_cast<void>(loop_.run(client().merge_patch(ref, patch)));
        break;
      }
      default:
        static_cast<void>(loop_.run(client().create(all, counter(one))));
    }
  }

  // True to its own spec, on one node and no other.
  bool is_true(const Json& object) {
    const std::string name = object["metadata"]["name"];
    const bool paused = object["spec"].value("pause", false);
    const Json now = condition(name, paused ? "Suspended" : "Ready");
    if (now.is_null() || now["status"] != "True") return false;
    // One that was paused before it was ever bound has no node.
    const std::string bound = object.value(Json::json_pointer("/status/nodeName"), "");
    for (size_t i = 0; i < cluster_->nodes().size(); ++i) {
      const size_t there = pods(i, name);
      if (node(i).name != bound && there != 0) return false;
      if (node(i).name == bound && there > 1) return false;
      if (node(i).name == bound && !paused && there != 1) return false;
    }
    return true;
  }

  bool all_are_true() {
    for (int i = 0; i < kNames; ++i) {
      const Json object = get(name(i));
      if (object.is_null()) continue;
      if (!object["metadata"].contains("deletionTimestamp") && is_true(object)) continue;
      untrue_ = object.dump();
      return false;
    }
    return true;
  }

  std::mt19937_64 random_;
  std::string untrue_;
};

TEST_F(ClusterStormTest, WhateverIsKilledEverySandboxEndsAsItsUserLastSaid) {
  begin_storm();
  const auto begun = std::chrono::steady_clock::now();
  int agents = 0;
  int shims = 0;
  for (int step = 0; agents < kKills || shims < kKills; ++step) {
    for (int i = 0; i < 3; ++i) disturb();
    if (step == 20) {
      ASSERT_TRUE(api().kill());
      for (int i = 0; i < 5; ++i) disturb();
      ASSERT_TRUE(api().restart());
    }
    if (chance(2) == 0 && agents < kKills) {
      const auto again = node(chance(2)).agent->kill_and_restart();
      ASSERT_TRUE(again) << again.error().message();
      ++agents;
    } else if (shims < kKills) {
      const auto again = shim().kill_and_restart();
      ASSERT_TRUE(again) << again.error().message();
      ++shims;
    }
  }
  std::cout << "the storm is over after " << seconds_since(begun) << " s" << std::endl;
  EXPECT_TRUE(eventually([&] { return all_are_true(); }, std::chrono::seconds(120))) << untrue_;
}

}  // namespace
}  // namespace sandboxlet::test
