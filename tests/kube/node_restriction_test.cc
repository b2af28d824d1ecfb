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

const std::string kVolumes = "/api/v1/persistentvolumes";
const std::string kClaims = "/api/v1/namespaces/default/persistentvolumeclaims";
constexpr char kNotMyVolume[] = "not a volume of node \\\"mine\\\"";

// As the agent of that node makes it.
json volume(const std::string& name, const std::string& node) {
  const json here = {
      {"key", "kubernetes.io/hostname"}, {"operator", "In"}, {"values", json::array({node})}};
  const json term = {{"matchExpressions", json::array({here})}};
  const json claim = {{"kind", "PersistentVolumeClaim"},
                      {"namespace", "default"},
                      {"name", "data"},
                      {"uid", name.substr(std::min<size_t>(name.size(), 4))}};
  return {{"metadata", {{"name", name}, {"labels", {{"sandboxlet.io/node", node}}}}},
          {"spec",
           {{"capacity", {{"storage", "1Gi"}}},
            {"accessModes", {"ReadWriteOnce"}},
            {"nodeAffinity", {{"required", {{"nodeSelectorTerms", json::array({term})}}}}},
            {"claimRef", claim},
            {"csi", {{"driver", "local.sandboxlet.io"}, {"volumeHandle", name}}}}}};
}

json claim(const std::string& name, const std::string& node) {
  return {
      {"metadata", {{"name", name}, {"labels", {{"sandboxlet.io/node", node}}}}},
      {"spec",
       {{"accessModes", {"ReadWriteOnce"}}, {"resources", {{"requests", {{"storage", "1Gi"}}}}}}}};
}

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

// As README has it for an agent that is no Pod.
TEST_F(NodeRestrictionTest, ATokenThatIsBoundToANodeIsHeldToItToo) {
  ask("POST", "/api/v1/nodes", R"({"metadata": {"name": "bare"}})");
  agent_ = token("sandboxlet", ask("GET", "/api/v1/nodes/bare"));
  EXPECT_THAT(write("POST", kSandboxNodes, sandbox_node("bare")), HasSubstr(kTaken));
  EXPECT_THAT(write("POST", kSandboxNodes, sandbox_node("other")), HasSubstr("HTTP/2 422"));
}

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

TEST_F(NodeRestrictionTest, AnAgentAnswersToAnEvictionAndMakesNone) {
  create_bound("evicted", "mine");
  const std::string path = kSandboxes + "/evicted/status";
  const json eviction = status({{"eviction", {{"reason", "NodeDrained"}}}});
  EXPECT_THAT(write("PATCH", path, eviction), HasSubstr("an agent does not evict"));
  ask("PATCH", path, eviction.dump(), "application/merge-patch+json");
  EXPECT_THAT(write("PATCH", path, status({{"eviction", nullptr}})),
              HasSubstr("an agent does not evict"));
  EXPECT_THAT(write("PATCH", path, status({{"evicted", "2026-01-02T03:04:05.000006Z"}})),
              HasSubstr(kTaken));
}

TEST_F(NodeRestrictionTest, AnAgentDoesNotBind) {
  create_bound("stays", "mine");
  create_bound("unbound", "");
  EXPECT_THAT(write("PATCH", kSandboxes + "/stays/status", status({{"nodeName", "theirs"}})),
              HasSubstr("an agent does not bind"));
  EXPECT_THAT(write("PATCH", kSandboxes + "/unbound/status", status({{"nodeName", "mine"}})),
              HasSubstr("HTTP/2 422"));
}

TEST_F(NodeRestrictionTest, AnAgentMakesChangesAndRemovesVolumesOfItsNodeAlone) {
  EXPECT_THAT(write("POST", kVolumes, volume("pvc-u-1", "mine")), HasSubstr(kTaken));
  const json grown = {{"spec", {{"capacity", {{"storage", "2Gi"}}}}}};
  EXPECT_THAT(write("PATCH", kVolumes + "/pvc-u-1", grown), HasSubstr(kTaken));
  const json given_away = {{"metadata", {{"labels", {{"sandboxlet.io/node", "theirs"}}}}}};
  EXPECT_THAT(write("PATCH", kVolumes + "/pvc-u-1", given_away), HasSubstr(kNotMyVolume));
  EXPECT_THAT(write("DELETE", kVolumes + "/pvc-u-1", {}), HasSubstr(kTaken));

  EXPECT_THAT(write("POST", kVolumes, volume("pvc-u-1", "theirs")), HasSubstr(kNotMyVolume));
  json elsewhere = volume("pvc-u-1", "mine");
  elsewhere["spec"]["nodeAffinity"] = volume("", "theirs")["spec"]["nodeAffinity"];
  EXPECT_THAT(write("POST", kVolumes, elsewhere), HasSubstr(kNotMyVolume));
  elsewhere["spec"].erase("nodeAffinity");
  EXPECT_THAT(write("POST", kVolumes, elsewhere), HasSubstr(kNotMyVolume));

  ask("POST", kVolumes, volume("pvc-u-2", "theirs").dump());
  for (const std::string method : {"PATCH", "DELETE"}) {
    EXPECT_THAT(write(method, kVolumes + "/pvc-u-2", method == "PATCH" ? grown : json()),
                HasSubstr(kNotMyVolume))
        << method;
  }
}

TEST_F(NodeRestrictionTest, AnAgentMakesNoVolumesOfOthersDriversNorUnderAnotherClaimsName) {
  json foreign = volume("pvc-u-3", "mine");
  foreign["spec"]["csi"]["driver"] = "ebs.csi.aws.com";
  EXPECT_THAT(write("POST", kVolumes, foreign), HasSubstr("an agent touches only volumes of"));
  json host_path = volume("pvc-u-3", "mine");
  host_path["spec"].erase("csi");
  host_path["spec"]["hostPath"] = {{"path", "/"}};
  EXPECT_THAT(write("POST", kVolumes, host_path), HasSubstr("an agent touches only volumes of"));
  json misnamed = volume("pvc-u-3", "mine");
  misnamed["spec"]["claimRef"]["uid"] = "u-4";
  EXPECT_THAT(write("POST", kVolumes, misnamed), HasSubstr("names a volume by its claim"));
}

TEST_F(NodeRestrictionTest, AnAgentTellsOfClaimsOfItsNodeAlone) {
  for (const std::string node : {"mine", "theirs"}) {
    ask("POST", kClaims, claim("of-" + node, node).dump());
  }
  const json told = status({{"capacity", {{"storage", "1Gi"}}}});
  EXPECT_THAT(write("PATCH", kClaims + "/of-mine/status", told), HasSubstr(kTaken));
  EXPECT_THAT(write("PATCH", kClaims + "/of-theirs/status", told),
              HasSubstr("not a claim of node \\\"mine\\\""));
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
