#include "agent/suspend/test_swap.h"
#include "cri/client.h"
#include "tests/cluster/cluster_test.h"
#include "tests/rig/eventually.h"

namespace sandboxlet::test {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

// What was written to a claim and synced.
class DurableDataClusterTest : public ClusterTest {
 protected:
  void begin_with_claims(int nodes = 1) {
    begin(nodes);
    const auto controllers = api().run_controllers({"persistentvolume-binder-controller",
                                                    "persistentvolumeclaim-protection-controller",
                                                    "persistentvolume-protection-controller"});
    ASSERT_TRUE(controllers) << controllers.error().message();
    create(writer("writer"));
    ASSERT_TRUE(becomes("writer", "Ready", "True"));
    where_ = index_of(get("writer")["status"]["nodeName"]);
  }
  void TearDown() override {
    if (!cluster_) return;
    kubectl({"delete", "sandboxes", "--all", "--timeout=60s"});
    // No garbage collector runs here.
    kubectl({"delete", "persistentvolumeclaims", "--all", "--timeout=60s"});
    kubectl({"wait", "--for=delete", "persistentvolumes", "--all", "--timeout=60s"});
    ClusterTest::TearDown();
  }

  static Json writer(const std::string& name) {
    const Json claim{{"metadata", {{"name", "data"}}},
                     {"spec",
                      {{"accessModes", {"ReadWriteOnce"}},
                       {"storageClassName", "sandboxlet-local"},
                       {"resources", {{"requests", {{"storage", "64Mi"}}}}}}}};
    Json sandbox = counter(name, {{"volumeClaimTemplates", Json::array({claim})}});
    const Json mount{{"name", "data"}, {"mountPath", "/data"}};
    sandbox["spec"]["podTemplate"]["spec"]["containers"][0]["volumeMounts"] = Json::array({mount});
    return sandbox;
  }

  // What the shell prints in the Sandbox's container.
  std::string run(const std::string& script) {
    cri::Client runtime(cri::ClientOptions{.socket = node(where_).runtime->socket()});
    cri::v1::ContainerFilter running;
    running.mutable_state()->set_state(cri::v1::CONTAINER_RUNNING);
    const auto containers = loop_.run(runtime.list_containers(running));
    if (!containers || containers->size() != 1) return "not one container";
    const auto done =
        loop_.run(runtime.exec_sync(containers->front().id(), {"sh", "-c", script}, seconds(10)));
    if (!done) return done.error().message();
    return done->exit_code() == 0 ? done->stdout() : done->stderr();
  }
  void write(const std::string& word) {
    written_ += word + "\n";
    EXPECT_EQ(run("echo " + word + " >> /data/log && sync"), "");
  }
  std::string read() { return run("cat /data/log"); }

  // All at once; answers when they run again.
  void kill_everything() {
    shim().kill();
    ASSERT_TRUE(node(where_).runtime->kill());
    ::kill(node(where_).agent->pid(), SIGKILL);
    ASSERT_TRUE(node(where_).runtime->restart());
    ASSERT_TRUE(node(where_).agent->kill_and_restart());
    ASSERT_TRUE(shim().kill_and_restart());
  }

  size_t where_ = 0;
  std::string written_;

 private:
  size_t index_of(const std::string& name) { return cluster_->nodes()[0].name == name ? 0 : 1; }
};

TEST_F(DurableDataClusterTest, OutlivesTheDeathOfEverybodyAtEachDepth) {
  const auto swap = agent::TestSwap::make(64 << 20);
  ASSERT_TRUE(swap) << swap.error().message();
  begin_with_claims();
  write("running");
  kill_everything();
  ASSERT_TRUE(becomes("writer", "Ready", "True"));
  EXPECT_EQ(read(), written_);
  for (const std::string depth : {"Freeze", "Hibernate", "Stop", "Terminate"}) {
    SCOPED_TRACE(depth);
    write(depth);
    patch("writer", {{"spec", {{"pause", true}, {"suspend", {{"depth", depth}}}}}});
    ASSERT_TRUE(becomes("writer", "Suspended", "True"));
    ASSERT_TRUE(eventually([&] { return get("writer")["status"]["suspend"]["depth"] == depth; }));
    kill_everything();
    patch("writer", {{"spec", {{"pause", false}}}});
    ASSERT_TRUE(becomes("writer", "Ready", "True"));
    EXPECT_EQ(read(), written_);
  }
}

TEST_F(DurableDataClusterTest, KeepsASandboxWhoseBindingWasTakenAwayFromEveryOtherNode) {
  begin_with_claims(2);
  write("before");
  const std::string home = node(where_).name;
  const auto cordon = [&](bool is) {
    kubectl({"patch", "sandboxnode", home, "--type=merge",
             Json{{"spec", {{"unschedulable", is}}}}.dump().insert(0, "--patch=")});
  };
  cordon(true);
  patch("writer", {{"status", {{"nodeName", nullptr}}}}, "status");
  ASSERT_TRUE(becomes("writer", "PodScheduled", "False"));
  EXPECT_THAT(condition("writer", "PodScheduled")["message"], HasSubstr("PersistentVolume"));
  EXPECT_TRUE(eventually([&] { return pods(where_) == 0; }));
  EXPECT_EQ(pods(1 - where_), 0U);
  cordon(false);
  ASSERT_TRUE(becomes("writer", "Ready", "True"));
  EXPECT_EQ(get("writer")["status"]["nodeName"], home);
  EXPECT_EQ(read(), written_);
}

}  // namespace
}  // namespace sandboxlet::test
