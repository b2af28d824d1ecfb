#include <signal.h>

#include "agent/suspend/cgroups.h"
#include "tests/cluster/cluster_test.h"
#include "tests/rig/eventually.h"
#include "tests/rig/partition.h"

namespace sandboxlet::test {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

// Two nodes, the first of which can be cut off from the API server.
class NodeLossClusterTest : public ClusterTest {
 protected:
  void begin_partitioned() {
    auto made = Partition::start(api().url());
    ASSERT_TRUE(made) << made.error().message();
    partition_ = std::move(*made);
    const auto first = cluster_->add_node("node-1", "", partition_->url());
    ASSERT_TRUE(first) << first.error().message();
    begin(0);
  }
  void add_other_node() {
    const auto other = cluster_->add_node("node-2");
    ASSERT_TRUE(other) << other.error().message();
  }

  // One that is bound elsewhere as soon as its node's lease has run out.
  static Json roamer(const std::string& name) {
    const Json toleration{{"key", "node.kubernetes.io/unreachable"},
                          {"operator", "Exists"},
                          {"effect", "NoExecute"},
                          {"tolerationSeconds", 0}};
    return counter(name, {{"podTemplate", {{"spec", {{"tolerations", {toleration}}}}}}});
  }
  std::string node_of(const std::string& name) { return get(name)["status"].value("nodeName", ""); }
  std::string uid_of(const std::string& name) { return get(name)["metadata"]["uid"]; }
  std::unique_ptr<agent::Cgroups> cgroups(size_t index) {
    auto cgroups = agent::open_cgroups(node(index).runtime->cgroup_root(), {});
    EXPECT_TRUE(cgroups) << cgroups.error().message();
    return cgroups ? std::move(*cgroups) : nullptr;
  }
  bool is_frozen(size_t index, const std::string& uid) {
    const auto state = cgroups(index)->state(uid);
    return state && *state == agent::FreezerState::kFrozen;
  }
  size_t processes(size_t index, const std::string& uid) {
    const auto pids = cgroups(index)->processes(uid);
    return pids ? pids->size() : 0;
  }

  // What it left behind goes with its object, for which the node asks now and then.
  void forget_at_first_node(const std::string& name) {
    remove(name);
    EXPECT_TRUE(is_gone(name));
    const auto again = node(0).agent->kill_and_restart();
    EXPECT_TRUE(again) << again.error().message();
  }

  std::unique_ptr<Partition> partition_;
};

TEST_F(NodeLossClusterTest, ASandboxIsBoundElsewhereOnlyOnceItsNodeHasStoppedIt) {
  begin_partitioned();
  create(roamer("roams"));
  create(counter("waits"));
  ASSERT_TRUE(becomes("roams", "Ready", "True"));
  ASSERT_TRUE(becomes("waits", "Ready", "True"));
  const std::string uid = get("roams")["metadata"]["uid"];
  add_other_node();
  partition_->cut();
  ASSERT_TRUE(eventually([&] { return node_of("roams") != "node-1"; }, seconds(120)));
  EXPECT_TRUE(is_frozen(0, uid)) << "it may have run twice";
  EXPECT_TRUE(becomes("roams", "Ready", "True"));
  EXPECT_EQ(node_of("roams"), "node-2");
  // What tolerates more stays, says why, and runs.
  EXPECT_EQ(node_of("waits"), "node-1");
  EXPECT_EQ(condition("waits", "Ready")["reason"], "NodeUnreachable");
  EXPECT_THAT(condition("waits", "Ready")["message"], HasSubstr("after 300 s"));
  EXPECT_EQ(pods(0, "waits"), 1U);
  partition_->heal();
  EXPECT_TRUE(eventually([&] { return pods(0, "roams") == 0; }, seconds(60)));
  EXPECT_TRUE(becomes("waits", "Ready", "True"));
  EXPECT_EQ(pods(1, "roams"), 1U);
  forget_at_first_node("roams");
}

TEST_F(NodeLossClusterTest, TheWatchdogEndsWhatADeadAgentCannot) {
  begin();
  const auto watching = Cluster::add_watchdog(node());
  ASSERT_TRUE(watching) << watching.error().message();
  for (const Json& sandbox : {roamer("roams"), roamer("paused"), counter("waits")}) {
    create(sandbox);
    ASSERT_TRUE(becomes(sandbox["metadata"]["name"], "Ready", "True"));
  }
  patch("paused", {{"spec", {{"pause", true}}}});
  ASSERT_TRUE(becomes("paused", "Suspended", "True"));
  const std::string uid = uid_of("roams");
  const std::string paused = uid_of("paused");
  const Json started = get("waits")["status"]["containers"][0]["startedAt"];
  add_other_node();
  node().agent->kill();
  ASSERT_TRUE(eventually([&] { return node_of("roams") != "node-1"; }, seconds(120)));
  EXPECT_EQ(processes(0, uid), 0U) << "it may have run twice";
  EXPECT_TRUE(becomes("roams", "Ready", "True"));
  EXPECT_EQ(node_of("roams"), "node-2");
  // What is frozen runs nowhere, and what tolerates more runs on.
  EXPECT_TRUE(is_frozen(0, paused));
  EXPECT_GT(processes(0, paused), 0U);
  EXPECT_GT(processes(0, uid_of("waits")), 0U);
  const auto again = node().agent->restart();
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_TRUE(eventually([&] { return pods(0, "roams") == 0; }, seconds(60)));
  EXPECT_TRUE(becomes("waits", "Ready", "True"));
  EXPECT_EQ(get("waits")["status"]["containers"][0]["startedAt"], started);
  patch("paused", {{"spec", {{"pause", false}}}});
  EXPECT_TRUE(becomes("paused", "Ready", "True"));
  EXPECT_EQ(node_of("paused"), "node-1");
  EXPECT_EQ(pods(1, "roams"), 1U);
  forget_at_first_node("roams");
}

TEST_F(NodeLossClusterTest, AnAgentThatStoodStillFindsWhatTheWatchdogEnded) {
  begin();
  const auto watching = Cluster::add_watchdog(node());
  ASSERT_TRUE(watching) << watching.error().message();
  create(roamer("roams"));
  ASSERT_TRUE(becomes("roams", "Ready", "True"));
  const std::string uid = uid_of("roams");
  kill(node().agent->pid(), SIGSTOP);
  // Nobody else may have it yet: it goes on here once its agent does.
  EXPECT_TRUE(eventually([&] { return processes(0, uid) == 0; }, seconds(60)));
  EXPECT_EQ(node_of("roams"), "node-1");
  kill(node().agent->pid(), SIGCONT);
  EXPECT_TRUE(eventually([&] { return processes(0, uid) > 0; }, seconds(60)));
  EXPECT_TRUE(becomes("roams", "Ready", "True"));
}

TEST_F(NodeLossClusterTest, ANodeThatComesBackInTimeKeepsItsSandboxesAsTheyWere) {
  begin_partitioned();
  create(roamer("stays"));
  ASSERT_TRUE(becomes("stays", "Ready", "True"));
  const std::string uid = get("stays")["metadata"]["uid"];
  const Json started = get("stays")["status"]["containers"][0]["startedAt"];
  partition_->cut();
  ASSERT_TRUE(eventually([&] { return is_frozen(0, uid); }, seconds(60)));
  partition_->heal();
  EXPECT_TRUE(eventually([&] { return !is_frozen(0, uid); }, seconds(60)));
  EXPECT_TRUE(becomes("stays", "Ready", "True"));
  const Json after = get("stays")["status"];
  EXPECT_EQ(after["containers"][0]["startedAt"], started) << "it was started anew";
  EXPECT_EQ(after["nodeName"], "node-1");
}

}  // namespace
}  // namespace sandboxlet::test
