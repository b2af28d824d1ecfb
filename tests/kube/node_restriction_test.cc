#include <gmock/gmock.h>

#include "tests/kube/manifests_test.h"
#include "tests/rig/eventually.h"

namespace sandboxlet::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::string kSandboxNodes = "/apis/sandboxlet.io/v1alpha1/sandboxnodes";
const std::string kLeases = "/apis/coordination.k8s.io/v1/namespaces/sandboxlet-node-lease/leases";
constexpr char kTaken[] = "HTTP/2 20";

json sandbox_node(const std::string& name) {
  return {{"apiVersion", "sandboxlet.io/v1alpha1"},
          {"kind", "SandboxNode"},
          {"metadata", {{"name", name}}}};
}

json status(const json& fields) { return {{"status", fields}}; }

// The agent of node "mine", held to it by a policy that takes a moment to hold.
class NodeRestrictionTest : public ManifestsTest {
 protected:
  void SetUp() override {
    ManifestsTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    static const std::string mine = agent_token("mine");
    agent_ = mine;
    ASSERT_TRUE(eventually([&] {
      return as(agent_, "POST", kSandboxNodes + "?dryRun=All", sandbox_node("other"))
                 .find("HTTP/2 422") == 0;
    }));
  }

  std::string write(const std::string& method, const std::string& path, const json& body) {
    return as(agent_, method, path, body);
  }

  std::string agent_;
};

TEST_F(NodeRestrictionTest, AnAgentTellsOfItsOwnNodeAlone) {
  EXPECT_THAT(write("POST", kSandboxNodes, sandbox_node("mine")), HasSubstr(kTaken));
  const json ready = status({{"agentVersion", "1"}});
  EXPECT_THAT(write("PATCH", kSandboxNodes + "/mine/status", ready), HasSubstr(kTaken));
  EXPECT_THAT(write("POST", kSandboxNodes, sandbox_node("theirs")),
              HasSubstr("this agent is of node \\\"mine\\\""));
  ask("POST", kSandboxNodes, sandbox_node("theirs").dump());
  EXPECT_THAT(write("PATCH", kSandboxNodes + "/theirs/status", ready),
              HasSubstr("this agent is of node \\\"mine\\\""));
}

TEST_F(NodeRestrictionTest, AnAgentBeatsForItsOwnNodeAlone) {
  const auto lease = [](const std::string& name) {
    return json{{"metadata", {{"name", name}}}, {"spec", {{"holderIdentity", "mine"}}}};
  };
  // A Lease is only replaced by who names the version that it had.
  const auto beat = [&](const std::string& name) {
    return write("PUT", kLeases + "/" + name, ask("GET", kLeases + "/" + name));
  };
  EXPECT_THAT(write("POST", kLeases, lease("mine")), HasSubstr(kTaken));
  EXPECT_THAT(beat("mine"), HasSubstr(kTaken));
  EXPECT_THAT(write("POST", kLeases, lease("theirs")),
              HasSubstr("this agent is of node \\\"mine\\\""));
  ask("POST", kLeases, lease("theirs").dump());
  EXPECT_THAT(beat("theirs"), HasSubstr("this agent is of node \\\"mine\\\""));
}

TEST_F(NodeRestrictionTest, AnAgentWritesOfSandboxesThatAreBoundToItsNode) {
  create_bound("of-mine", "mine");
  create_bound("of-theirs", "theirs");
  create_bound("of-nobody", "");
  const json told = status({{"podIPs", {"10.0.0.1"}}});
  const json suspended = {{"spec", {{"operatingMode", "Suspended"}}},
                          {"metadata", {{"finalizers", {"sandboxlet.io/agent"}}}}};
  EXPECT_THAT(write("PATCH", kSandboxes + "/of-mine/status", told), HasSubstr(kTaken));
  EXPECT_THAT(write("PATCH", kSandboxes + "/of-mine", suspended), HasSubstr(kTaken));
  for (const std::string& path : {kSandboxes + "/of-theirs", kSandboxes + "/of-nobody"}) {
    EXPECT_THAT(write("PATCH", path + "/status", told),
                HasSubstr("and this agent is of node \\\"mine\\\""));
    EXPECT_THAT(write("PATCH", path, suspended),
                HasSubstr("and this agent is of node \\\"mine\\\""));
  }
}

TEST_F(NodeRestrictionTest, AnAgentDoesNotBind) {
  create_bound("stays", "mine");
  create_bound("unbound", "");
  EXPECT_THAT(write("PATCH", kSandboxes + "/stays/status", status({{"nodeName", "theirs"}})),
              HasSubstr("an agent does not bind"));
  EXPECT_THAT(write("PATCH", kSandboxes + "/unbound/status", status({{"nodeName", "mine"}})),
              HasSubstr("HTTP/2 422"));
}

TEST_F(NodeRestrictionTest, ATokenThatNoPodHasWritesNothing) {
  EXPECT_THAT(as(token("sandboxlet"), "POST", kSandboxNodes, sandbox_node("mine-too")),
              HasSubstr("an agent's token has to be bound to a Pod on its node"));
}

TEST_F(NodeRestrictionTest, OthersAreNotHeldToANode) {
  create_bound("by-the-shim", "mine");
  EXPECT_THAT(as(token("sandbox-shim"), "PATCH", kSandboxes + "/by-the-shim/status",
                 status({{"nodeName", "theirs"}})),
              HasSubstr(kTaken));
}

}  // namespace
}  // namespace sandboxlet::test
