#include "scheduler-shim/eviction/evictor.h"

#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include "base/manual_loop.h"
#include "kube/fake_api_server.h"

namespace sandboxlet::eviction {
namespace {

using namespace std::chrono_literals;
using scheduler::NodeInfo;
using scheduler::Taint;
using scheduler::TaintEffect;
using Json = nlohmann::json;

// The evictor at a fake API server. A test plays who tells it of nodes, the Sandbox's agent, and
// kubectl.
class EvictorTest : public testing::Test {
 protected:
  EvictorTest() {
    spdlog::set_level(spdlog::level::off);
    server_.objects().create({kube::kSandboxNodes, "", "node-1", ""}, Json::object());
    server_.objects().create({kNodes, "", "node-1", ""}, Json::object());
    begin();
  }
  ~EvictorTest() override { server_.client_died(false); }

  // A shim that leads from now on.
  void begin() {
    sandboxes_.reset();
    evictor_.emplace(context_, GuardOptions{});
    kube::Informer::Callbacks callbacks;
    callbacks.set = [this](const Json& sandbox) { evictor_->set(sandbox); };
    callbacks.remove = [this](const std::string& uid) { evictor_->remove(uid); };
    callbacks.synced = [this] { evictor_->synced(); };
    sandboxes_ = follow(context_, kube::kSandboxes, "", kube::Informer::Key::kUid, callbacks);
    tell_node();
    evictor_->nodes_synced();
    loop_.run_for(1s);
  }
  void tell_node() {
    evictor_->set_node("node-1", &node_, &core_);
    loop_.run_for(1s);
  }
  void taint(const std::string& key) {
    core_.taints.push_back({key, "", TaintEffect::kNoExecute});
    tell_node();
  }
  void cordon(bool is) {
    core_.unschedulable = is;
    server_.objects().merge_patch({kNodes, "", "node-1", ""}, {{"spec", {{"unschedulable", is}}}});
    tell_node();
  }

  static kube::ObjectRef box(std::string_view subresource = {}) {
    return {kube::kSandboxes, "default", "box", subresource};
  }
  void create(const Json& tolerations = Json::array()) {
    const Json pod{{"spec", {{"tolerations", tolerations}}}};
    server_.objects().create(box(), {{"spec", {{"podTemplate", pod}}}});
    tell({{"nodeName", "node-1"}, {"podIPs", {"10.0.0.2"}}});
  }
  void tell(const Json& status) {
    server_.objects().merge_patch(box("status"), {{"status", status}});
    loop_.run_for(1s);
  }
  Json status() const { return server_.objects().get(box()).body["status"]; }
  bool is_marked() const { return status().contains("eviction"); }
  std::string node_name() const { return status().value("nodeName", ""); }
  // What its agent says.
  void says(const char* type, const char* reason) {
    const Json condition{{"type", type}, {"status", "True"}, {"reason", reason}};
    tell({{"conditions", Json::array({condition})}});
  }
  void is_ended() { tell({{"evicted", status()["eviction"]["since"]}}); }

  static kube::ObjectRef guard() { return {kPods, "sandboxlet-system", guard_name("node-1"), ""}; }
  Json guard_object() const {
    const auto answer = server_.objects().get(guard());
    return answer.status == 200 ? answer.body : Json();
  }
  // What kubectl drain does first.
  void drain() {
    cordon(true);
    server_.objects().remove(guard());
    loop_.run_for(1s);
  }

  static constexpr kube::Resource kNodes{"", "v1", "nodes"};
  static constexpr kube::Resource kPods{"", "v1", "pods"};

  ManualLoop loop_;
  kube::FakeApiServer server_{loop_.clock()};
  kube::Client client_{server_, loop_.clock()};
  kube::EventRecorder events_{loop_.io(), loop_.clock(), client_, "sandboxlet.io/shim", "shim-1"};
  const scheduler::ControllerContext context_{loop_.io(), loop_.clock(), client_, server_, events_};
  NodeInfo node_{.name = "node-1"};
  NodeInfo core_{.name = "node-1"};
  std::optional<Evictor> evictor_;
  std::unique_ptr<kube::Informer> sandboxes_;
};

TEST_F(EvictorTest, ItsBindingGoesOnlyOnceItsAgentHasEndedIt) {
  create();
  EXPECT_FALSE(is_marked());
  taint("maintenance");
  ASSERT_TRUE(is_marked());
  EXPECT_EQ(status()["eviction"]["reason"], "NoExecuteTaint");
  says("Stopping", "SandboxEvicted");
  loop_.run_for(1h);
  EXPECT_EQ(node_name(), "node-1");
  is_ended();
  EXPECT_EQ(node_name(), "");
  EXPECT_FALSE(is_marked());
}

TEST_F(EvictorTest, AnAnswerToAnotherEvictionIsNone) {
  create();
  taint("maintenance");
  tell({{"evicted", "2020-01-01T00:00:00.000000Z"}});
  loop_.run_for(1h);
  EXPECT_EQ(node_name(), "node-1");
}

TEST_F(EvictorTest, WhatTheAgentWritesBetweenKeepsTheBinding) {
  create();
  taint("maintenance");
  int unbinds = 0;
  server_.fault = [&](const kube::HttpRequest& request) {
    const bool unbinds_it =
        request.method == "PATCH" && request.body.find("\"nodeName\":null") != std::string::npos;
    // Between its being read and its binding's loss.
    if (unbinds_it && unbinds++ == 0) {
      server_.objects().merge_patch(box("status"), {{"status", {{"evicted", nullptr}}}});
    }
    return kube::FakeHttpFault();
  };
  is_ended();
  loop_.run_for(1min);
  EXPECT_EQ(unbinds, 1);
  EXPECT_EQ(node_name(), "node-1");
}

TEST_F(EvictorTest, StaysForWhatItTolerates) {
  create(Json::array({{{"operator", "Exists"}, {"tolerationSeconds", 60}}}));
  taint("maintenance");
  loop_.run_for(55s);
  EXPECT_FALSE(is_marked());
  loop_.run_for(10s);
  EXPECT_TRUE(is_marked());
}

TEST_F(EvictorTest, ATaintThatGoesInTimeIsForgotten) {
  create(Json::array({{{"operator", "Exists"}, {"tolerationSeconds", 60}}}));
  taint("maintenance");
  loop_.run_for(30s);
  core_.taints.clear();
  tell_node();
  loop_.run_for(1h);
  EXPECT_FALSE(is_marked());
}

TEST_F(EvictorTest, AMarkIsTakenBackWhereTheAgentHasNotBegun) {
  create();
  taint("maintenance");
  ASSERT_TRUE(is_marked());
  core_.taints.clear();
  tell_node();
  EXPECT_FALSE(is_marked());
}

TEST_F(EvictorTest, WhatHasBegunIsBroughtToItsEnd) {
  create();
  taint("maintenance");
  says("Ready", "SandboxEvicted");
  core_.taints.clear();
  tell_node();
  EXPECT_TRUE(is_marked());
  is_ended();
  EXPECT_EQ(node_name(), "");
}

TEST_F(EvictorTest, AnotherLeaderGoesOn) {
  create();
  taint("maintenance");
  says("Stopping", "SandboxEvicted");
  begin();
  EXPECT_TRUE(is_marked());
  is_ended();
  EXPECT_EQ(node_name(), "");
}

TEST_F(EvictorTest, ANodeWithSandboxesHasAGuardAndLaterNone) {
  EXPECT_TRUE(guard_object().is_null());
  create();
  EXPECT_FALSE(guard_object().is_null());
  tell({{"nodeName", nullptr}});
  loop_.run_for(1min);
  EXPECT_FALSE(guard_object().is_null()) << "another may come";
  loop_.run_for(10min);
  EXPECT_TRUE(guard_object().is_null());
}

TEST_F(EvictorTest, ADrainIsHeldUntilNothingRuns) {
  create();
  drain();
  ASSERT_TRUE(is_marked());
  EXPECT_EQ(status()["eviction"]["reason"], "NodeDrained");
  loop_.run_for(1h);
  EXPECT_FALSE(guard_object().is_null());
  is_ended();
  EXPECT_EQ(node_name(), "");
  EXPECT_TRUE(guard_object().is_null());
}

TEST_F(EvictorTest, ASuspendedSandboxDoesNotHoldADrain) {
  create();
  says("Suspended", "Frozen");
  drain();
  EXPECT_TRUE(guard_object().is_null());
  EXPECT_FALSE(is_marked());
  EXPECT_EQ(node_name(), "node-1");
  loop_.run_for(1h);
  EXPECT_TRUE(guard_object().is_null()) << "the node is drained";
  cordon(false);
  EXPECT_FALSE(guard_object().is_null());
}

TEST_F(EvictorTest, AGuardThatIsDeletedWithoutADrainComesAgain) {
  create();
  const std::string uid = guard_object()["metadata"]["uid"];
  server_.objects().remove(guard());
  loop_.run_for(1s);
  EXPECT_FALSE(is_marked());
  ASSERT_FALSE(guard_object().is_null());
  EXPECT_NE(guard_object()["metadata"]["uid"], uid);
}

// kubectl cordons first, but the watch of nodes may be the slower one.
TEST_F(EvictorTest, ACordonThatIsNotSeenYetHoldsToo) {
  create();
  server_.objects().merge_patch({kNodes, "", "node-1", ""}, {{"spec", {{"unschedulable", true}}}});
  server_.objects().remove(guard());
  loop_.run_for(1min);
  EXPECT_FALSE(guard_object().is_null());
  cordon(true);
  EXPECT_TRUE(is_marked());
}

TEST_F(EvictorTest, ADrainThatIsGivenUpLetsThemStay) {
  create();
  drain();
  ASSERT_TRUE(is_marked());
  cordon(false);
  EXPECT_FALSE(is_marked());
  EXPECT_FALSE(guard_object().is_null());
  EXPECT_FALSE(guard_object()["metadata"].contains("deletionTimestamp")) << "a new one";
}

TEST_F(EvictorTest, TheGuardGoesWithItsNode) {
  create();
  server_.objects().remove({kube::kSandboxNodes, "", "node-1", ""});
  evictor_->set_node("node-1", nullptr, &core_);
  loop_.run_for(1s);
  EXPECT_TRUE(guard_object().is_null());
}

}  // namespace
}  // namespace sandboxlet::eviction
