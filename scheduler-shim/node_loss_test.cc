#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include "base/manual_loop.h"
#include "kube/fake_api_server.h"
#include "kube/heartbeat.h"
#include "scheduler-shim/shim.h"

namespace sandboxlet::scheduler {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using testing::HasSubstr;

// The shim at a fake API server with one node, whose agent a test plays: what becomes of a Sandbox
// that was bound to it.
class NodeLossTest : public testing::Test {
 protected:
  NodeLossTest() {
    spdlog::set_level(spdlog::level::off);
    put_node();
    renew();
  }
  ~NodeLossTest() override { server_.client_died(false); }

  static kube::ObjectRef box(std::string_view subresource = {}) {
    return {kube::kSandboxes, "default", "box", subresource};
  }
  static kube::ObjectRef node() { return {kube::kSandboxNodes, "", "node-1", ""}; }
  static kube::ObjectRef lease() {
    return {kube::kLeases, kube::kNodeLeaseNamespace, "node-1", ""};
  }

  void put_node() {
    server_.objects().create(node(),
                             {{"apiVersion", "sandboxlet.io/v1alpha1"}, {"kind", "SandboxNode"}});
  }
  // What the node's agent does each ten seconds.
  void renew() {
    const Json spec{{"renewTime", std::to_string(++renewals_)}};
    server_.objects().remove(lease());
    server_.objects().create(
        lease(), {{"apiVersion", "coordination.k8s.io/v1"}, {"kind", "Lease"}, {"spec", spec}});
  }
  void live_for(Duration time) {
    for (Duration passed{}; passed < time; passed += 10s) {
      renew();
      loop_.run_for(10s);
    }
  }
  // Bound to the node, Ready there, and held by its agent.
  void create(const Json& spec = Json::object()) {
    const Json object{{"apiVersion", api::kSandboxApiVersion},
                      {"kind", api::kSandboxKind},
                      {"metadata", {{"finalizers", {api::kNodeFinalizer}}}},
                      {"spec", spec}};
    ASSERT_EQ(server_.objects().create(box(), object).status, 201);
    const Json ready{{"type", "Ready"},
                     {"status", "True"},
                     {"reason", "DependenciesReady"},
                     {"message", "Pod is Ready"}};
    tell({{"nodeName", "node-1"}, {"podIPs", {"10.0.0.2"}}, {"conditions", {ready}}});
  }
  void tell(const Json& status) {
    server_.objects().merge_patch(box("status"), {{"status", status}});
  }
  Json get() const { return server_.objects().get(box()).body; }
  std::string node_name() const { return get()["status"].value("nodeName", ""); }
  Json ready() const { return get()["status"]["conditions"][0]; }
  bool is_gone() const { return server_.objects().get(box()).status == 404; }

  int renewals_ = 0;
  ManualLoop loop_;
  kube::FakeApiServer server_{loop_.clock()};
  kube::Client client_{server_, loop_.clock()};
  kube::EventRecorder events_{loop_.io(), loop_.clock(), client_, "sandboxlet.io/shim", "shim-1"};
  Shim shim_{{loop_.io(), loop_.clock(), client_, server_, events_}, {}};
};

TEST_F(NodeLossTest, ASandboxOfANodeThatAnswersStays) {
  create();
  live_for(20min);
  EXPECT_EQ(node_name(), "node-1");
  EXPECT_EQ(ready()["status"], "True");
}

TEST_F(NodeLossTest, SaysThatItsNodeDoesNotAnswerAndWhatWillBecomeOfIt) {
  create();
  live_for(20s);
  loop_.run_for(1min);
  EXPECT_EQ(ready()["status"], "False");
  EXPECT_EQ(ready()["reason"], "NodeUnreachable");
  EXPECT_THAT(ready()["message"],
              HasSubstr("does not answer, and the Sandbox is bound to another after 300 s"));
  EXPECT_EQ(node_name(), "node-1");
}

TEST_F(NodeLossTest, LosesItsBindingAfterWhatItTolerates) {
  create();
  live_for(20s);
  loop_.run_for(320s);
  EXPECT_EQ(node_name(), "node-1");
  loop_.run_for(30s);
  EXPECT_EQ(node_name(), "");
  EXPECT_FALSE(get()["status"].contains("podIPs"));
}

TEST_F(NodeLossTest, OneThatToleratesNothingIsNotReadyWithoutItsNodeForAMoment) {
  const Json toleration{{"key", "node.kubernetes.io/unreachable"},
                        {"operator", "Exists"},
                        {"effect", "NoExecute"},
                        {"tolerationSeconds", 0}};
  create({{"podTemplate", {{"spec", {{"tolerations", {toleration}}}}}}});
  live_for(20s);
  std::vector<std::string> said;
  server_.fault = [&](const kube::HttpRequest& request) {
    if (request.method == "PATCH" && request.path.find("/box/status") != std::string::npos) {
      const Json status = Json::parse(request.body)["status"];
      for (const Json& condition : status.value("conditions", Json::array())) {
        if (condition["type"] != "Ready") continue;
        said.push_back(status.contains("nodeName") ? "unbound: " : "bound: ");
        said.back() += condition.value("reason", "");
      }
    }
    return kube::FakeHttpFault();
  };
  loop_.run_for(50s);
  EXPECT_EQ(node_name(), "");
  ASSERT_FALSE(said.empty());
  EXPECT_EQ(said.front(), "unbound: NodeUnreachable");
}

TEST_F(NodeLossTest, OneWithDataThereWaitsAndSaysSo) {
  create({{"volumeClaimTemplates", {{{"metadata", {{"name", "data"}}}}}}});
  live_for(20s);
  loop_.run_for(2h);
  EXPECT_EQ(node_name(), "node-1");
  EXPECT_THAT(ready()["message"], HasSubstr("the Sandbox waits for it"));
}

TEST_F(NodeLossTest, OneWhosePodNamesAClaimWaitsToo) {
  const Json volume{{"name", "data"}, {"persistentVolumeClaim", {{"claimName", "data"}}}};
  create({{"podTemplate", {{"spec", {{"volumes", Json::array({volume})}}}}}});
  live_for(20s);
  loop_.run_for(2h);
  EXPECT_EQ(node_name(), "node-1");
}

TEST_F(NodeLossTest, OneThatIsSuspendedWaits) {
  create({{"pause", true}});
  live_for(20s);
  loop_.run_for(2h);
  EXPECT_EQ(node_name(), "node-1");
}

TEST_F(NodeLossTest, OneThatSleepsSaysThatNobodyWillWakeIt) {
  create();
  const Json ready_now{{"type", "Ready"}, {"status", "False"}, {"reason", "SandboxSuspended"}};
  const Json suspended{{"type", "Suspended"}, {"status", "True"}};
  tell({{"conditions", {ready_now, suspended}},
        {"suspend", {{"depth", "Freeze"}, {"reason", "Idle"}}}});
  live_for(20s);
  EXPECT_EQ(ready()["reason"], "SandboxSuspended");
  loop_.run_for(1min);
  EXPECT_EQ(ready()["reason"], "NodeUnreachable");
  EXPECT_THAT(ready()["message"], HasSubstr("is bound to another after 300 s"));
}

TEST_F(NodeLossTest, ALeaseThatWasRenewedUnseenSavesIt) {
  create();
  live_for(20s);
  loop_.run_for(100s);
  // The watch is open and shows nothing any more.
  server_.stall_watches();
  renew();
  loop_.run_for(270s);
  EXPECT_EQ(node_name(), "node-1");
}

TEST_F(NodeLossTest, AWriteOfItsAgentComesBeforeTheLossOfTheBinding) {
  create();
  live_for(20s);
  int asked = 0;
  server_.fault = [&](const kube::HttpRequest& request) {
    const bool is_lease =
        request.method == "GET" && request.path.find("leases/node-1") != std::string::npos;
    // Between the Sandbox's being read and its binding's loss.
    if (is_lease && asked++ == 0) tell({{"nodeConfirmed", "2026-01-02T03:04:05.000001Z"}});
    return kube::FakeHttpFault();
  };
  loop_.run_for(350s);
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(node_name(), "node-1");
}

TEST_F(NodeLossTest, AnApiServerThatWasAwayIsNoNodesFault) {
  create();
  live_for(20s);
  server_.go_away();
  loop_.run_for(1h);
  server_.come_back();
  loop_.run_for(50s);
  EXPECT_EQ(node_name(), "node-1");
  live_for(10min);
  EXPECT_EQ(node_name(), "node-1");
}

TEST_F(NodeLossTest, ADeletedOneIsLetGoWhenItsNodeIsGoneForGood) {
  create({{"volumeClaimTemplates", {{{"metadata", {{"name", "data"}}}}}}});
  live_for(20s);
  server_.objects().remove(box());
  loop_.run_for(10min);
  EXPECT_FALSE(is_gone()) << "its node may come back";
  server_.objects().remove(lease());
  server_.objects().remove(node());
  loop_.run_for(3min);
  EXPECT_TRUE(is_gone());
}

}  // namespace
}  // namespace sandboxlet::scheduler
