#include <signal.h>

#include "tests/cluster/cluster_test.h"
#include "tests/rig/eventually.h"

namespace sandboxlet::test {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr char kGuards[] =
    "/api/v1/namespaces/sandboxlet-system/pods?labelSelector="
    "app.kubernetes.io%2Fname%3Dsandboxlet-drain-guard";

// A node that Sandboxes are to leave, and another that they may go to.
class EvictionClusterTest : public ClusterTest {
 protected:
  void TearDown() override {
    for (const auto& name : core_nodes_) ask("DELETE", "/api/v1/nodes/" + name);
    // With the Nodes their guards go.
    const bool had_guards = !core_nodes_.empty();
    EXPECT_TRUE(!had_guards || eventually([&] { return guard().is_null(); }));
    if (cluster_ && !cluster_->nodes().empty()) {
      // What it left behind goes with its object, for which its node asks now and then.
      kubectl({"delete", "sandboxes", "--all", "--timeout=60s"});
      EXPECT_TRUE(node(0).agent->kill_and_restart());
    }
    ClusterTest::TearDown();
  }

  void add_other_node() {
    const auto other = cluster_->add_node("node-2");
    ASSERT_TRUE(other) << other.error().message();
  }
  // What kubectl drain and cordon act upon; no kubelet stands behind it.
  void add_core_node(const std::string& name) {
    ask("POST", "/api/v1/nodes", Json{{"metadata", {{"name", name}}}}.dump());
    core_nodes_.push_back(name);
    // Admission says that it is not ready yet.
    ask("PATCH", "/api/v1/nodes/" + name, R"({"spec": {"taints": null}})",
        "application/merge-patch+json");
  }
  std::string node_of(const std::string& name) { return get(name)["status"].value("nodeName", ""); }
  // Ready on that node; on the way there it is never on both.
  bool moves(const std::string& name, const std::string& node) {
    return eventually(
        [&] {
          EXPECT_FALSE(pods(0, name) > 0 && pods(1, name) > 0) << name << " is on both nodes";
          const Json ready = condition(name, "Ready");
          return node_of(name) == node && !ready.is_null() && ready["status"] == "True";
        },
        seconds(60));
  }
  // Of the first node; null where it has none.
  static Json guard() {
    const Json items = ask("GET", kGuards)["items"];
    return items.empty() ? Json() : items[0];
  }
  Result<std::string> drain(const std::string& timeout) {
    return api().kubectl({"drain", "node-1", "--ignore-daemonsets", "--timeout=" + timeout});
  }

  std::vector<std::string> core_nodes_;
};

TEST_F(EvictionClusterTest, ATaintMovesASandboxAfterWhatItTolerates) {
  begin();
  const Json toleration{{"key", "maintenance"}, {"operator", "Exists"}, {"tolerationSeconds", 3}};
  create(counter("roams", {{"podTemplate", {{"spec", {{"tolerations", {toleration}}}}}}}));
  create(counter("frozen"));
  ASSERT_TRUE(becomes("roams", "Ready", "True"));
  ASSERT_TRUE(becomes("frozen", "Ready", "True"));
  patch("frozen", {{"spec", {{"pause", true}}}});
  ASSERT_TRUE(becomes("frozen", "Suspended", "True"));
  add_other_node();
  const auto begun = std::chrono::steady_clock::now();
  kubectl({"patch", "sandboxnode", "node-1", "--type=merge", "-p",
           R"({"spec": {"taints": [{"key": "maintenance", "effect": "NoExecute"}]}})"});
  EXPECT_TRUE(moves("roams", "node-2"));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, seconds(3));
  EXPECT_EQ(pods(0, "roams"), 0U);
  EXPECT_FALSE(get("roams")["status"].contains("eviction"));
  // A Pod would go as well. It is on no node until it is resumed.
  EXPECT_TRUE(eventually([&] { return node_of("frozen").empty(); }));
  EXPECT_TRUE(becomes("frozen", "Suspended", "True"));
  EXPECT_EQ(condition("frozen", "Suspended")["reason"], "PodTerminated");
  EXPECT_EQ(condition("frozen", "Scheduled")["reason"], "Evicted");
  patch("frozen", {{"spec", {{"pause", false}}}});
  EXPECT_TRUE(moves("frozen", "node-2"));
}

TEST_F(EvictionClusterTest, KubectlDrainWaitsUntilNothingRunsThere) {
  begin();
  add_core_node("node-1");
  create(counter("runs"));
  create(counter("frozen"));
  ASSERT_TRUE(becomes("runs", "Ready", "True"));
  ASSERT_TRUE(becomes("frozen", "Ready", "True"));
  patch("frozen", {{"spec", {{"pause", true}}}});
  ASSERT_TRUE(becomes("frozen", "Suspended", "True"));
  add_other_node();
  ASSERT_TRUE(eventually([&] { return !guard().is_null(); }));
  const std::string first = guard()["metadata"]["uid"];
  // An agent that does not answer ends nothing.
  ASSERT_EQ(kill(node(0).agent->pid(), SIGSTOP), 0);
  const auto held = drain("5s");
  EXPECT_EQ(kill(node(0).agent->pid(), SIGCONT), 0);
  ASSERT_FALSE(held) << *held;
  EXPECT_THAT(held.error().message(), HasSubstr("sandboxlet-drain-guard-node-1"));
  EXPECT_EQ(node_of("runs"), "node-1");
  const auto drained = drain("60s");
  EXPECT_TRUE(drained) << drained.error().message();
  EXPECT_EQ(pods(0, "runs"), 0U);
  EXPECT_TRUE(moves("runs", "node-2"));
  EXPECT_TRUE(guard().is_null());
  EXPECT_EQ(node_of("frozen"), "node-1");
  EXPECT_EQ(condition("frozen", "Suspended")["reason"], "Frozen");
  kubectl({"uncordon", "node-1"});
  ASSERT_TRUE(eventually([&] { return !guard().is_null(); }));
  EXPECT_NE(guard()["metadata"]["uid"], first);
}

TEST_F(EvictionClusterTest, ACordonedNodeTakesNothingNewAndKeepsWhatItHas) {
  begin();
  add_core_node("node-1");
  create(counter("stays"));
  ASSERT_TRUE(becomes("stays", "Ready", "True"));
  kubectl({"cordon", "node-1"});
  create(counter("waits"));
  ASSERT_TRUE(becomes("waits", "PodScheduled", "False"));
  EXPECT_THAT(condition("waits", "PodScheduled")["message"],
              HasSubstr("1 node(s) were unschedulable"));
  EXPECT_EQ(condition("stays", "Ready")["status"], "True");
  kubectl({"uncordon", "node-1"});
  EXPECT_TRUE(becomes("waits", "Ready", "True"));
}

}  // namespace
}  // namespace sandboxlet::test
