#include <map>
#include <random>

#include "tests/cluster/cluster_test.h"
#include "tests/rig/eventually.h"
#include "tests/rig/seed.h"

namespace sandboxlet::test {
namespace {

constexpr int kNames = 8;
constexpr int kNodes = 2;
constexpr int kKills = 30;

int64_t seconds_since(std::chrono::steady_clock::time_point begun) {
  const auto gone = std::chrono::steady_clock::now() - begun;
  return std::chrono::duration_cast<std::chrono::seconds>(gone).count();
}

// Whether that line is in a log, behind its first so many bytes.
bool says(const std::string& log, const std::string& line, size_t behind) {
  return log.find(line, behind) != std::string::npos;
}

// Users who create, pause, resume and delete by chance, while agents, the shim and the API server
// are killed under them, and etcd is compacted. At the end all is as they last said.
class ClusterStormTest : public ClusterTest {
 protected:
  static std::string name(int index) { return "storm-" + std::to_string(index); }

  void begin_storm() {
    // Else one that was killed would keep the next from leading for longer than that one lives.
    begin(kNodes, {"--lease-seconds", "1"});
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

  Result<> kill_an_agent() { return node(chance(kNodes)).agent->kill_and_restart(); }

  ShimProcess& last_shim() { return *cluster_->shims().back(); }

  // Mostly one that leads. One that could not renew its lease has ended by itself.
  Result<> kill_the_shim() {
    const auto led = [this] {
      return last_shim().ended() || says(last_shim().log(), " leads", shim_began_);
    };
    if (chance(4) != 0 && !eventually(led, std::chrono::seconds(60))) {
      return Error(Code::kDeadlineExceeded, "the shim does not lead");
    }
    last_shim().kill();
    shim_began_ = last_shim().log().size();
    return last_shim().kill_and_restart();
  }

  // By one that leads on while the server is away for some seconds.
  Result<> replace_the_shim() {
    last_shim().kill();
    shim_began_ = 0;
    TRY(const auto* const added, cluster_->add_shim());
    static_cast<void>(added);
    return {};
  }

  // The agents and the shim that now run have a version of Sandboxes to go on from.
  bool all_follow() {
    for (const ClusterNode& one : cluster_->nodes()) {
      const std::string log = one.agent->log();
      if (!says(log, "API server: connected", log.rfind("serving on"))) return false;
    }
    return says(last_shim().log(), "sandboxes: followed", shim_began_);
  }

  // The server comes back without what came after the versions that its watches were at.
  void lose_history() {
    for (const ClusterNode& one : cluster_->nodes()) logged_[&one] = one.agent->log().size();
    shim_logged_ = last_shim().log().size();
    ASSERT_TRUE(api().kill());
    ASSERT_TRUE(api().compact_etcd());
    for (int i = 0; i < 5; ++i) disturb();
    ASSERT_TRUE(api().restart());
  }

  // That their versions are gone.
  bool all_were_told() {
    for (const ClusterNode& one : cluster_->nodes()) {
      if (!says(one.agent->log(), "API server: too old resource version", logged_[&one])) {
        return false;
      }
    }
    return says(last_shim().log(), "sandboxes: too old resource version", shim_logged_);
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
  // Bytes of logs: before the shim was last started, and before history was last lost.
  size_t shim_began_ = 0;
  size_t shim_logged_ = 0;
  std::map<const ClusterNode*, size_t> logged_;
};

TEST_F(ClusterStormTest, WhateverIsKilledEverySandboxEndsAsItsUserLastSaid) {
  begin_storm();
  const auto begun = std::chrono::steady_clock::now();
  int agents = 0;
  int shims = 0;
  for (int step = 0; agents < kKills || shims < kKills; ++step) {
    for (int i = 0; i < 3; ++i) disturb();
    if (step == 20) lose_history();
    if (HasFatalFailure()) return;
    if (chance(2) == 0 && agents < kKills) {
      const auto again = kill_an_agent();
      ASSERT_TRUE(again) << again.error().message();
      ++agents;
    } else if (shims < kKills) {
      const auto again = kill_the_shim();
      ASSERT_TRUE(again) << again.error().message();
      ++shims;
    }
  }
  std::cout << "the storm is over after " << seconds_since(begun) << " s" << std::endl;
  // Once more when all of them watch, as soon after a kill they may not.
  ASSERT_TRUE(replace_the_shim());
  ASSERT_TRUE(eventually([&] { return all_follow(); }, std::chrono::seconds(60)));
  for (int i = 0; i < 10; ++i) disturb();
  ASSERT_NO_FATAL_FAILURE(lose_history());
  EXPECT_TRUE(eventually([&] { return all_were_told(); }));
  EXPECT_TRUE(eventually([&] { return all_are_true(); }, std::chrono::seconds(120))) << untrue_;
}

}  // namespace
}  // namespace sandboxlet::test
