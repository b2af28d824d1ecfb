#include <gmock/gmock.h>

#include "tests/kube/manifests_test.h"
#include "tests/rig/eventually.h"

namespace sandboxlet::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

const std::string kAccounts = "/api/v1/namespaces/sandboxlet-system/serviceaccounts";
const std::string kRoles = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/";
constexpr char kTaken[] = "HTTP/2 20";
constexpr char kForbidden[] = "HTTP/2 403";
constexpr char kNoPods[] = R"(cannot create resource \"pods\")";
constexpr char kNoServices[] = R"(cannot create resource \"services\")";
constexpr char kNoClaims[] = R"(cannot create resource \"persistentvolumeclaims\")";

// Who may write Sandboxes in "default", and what else they may create there.
class PodAuthorizationTest : public ManifestsTest {
 protected:
  void SetUp() override {
    ManifestsTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    static const std::string writer = account("writer", {});
    static const std::string maker = account("maker", {"pods"});
    static const std::string owner = account("owner", {"pods", "persistentvolumeclaims"});
    writer_ = writer;
    maker_ = maker;
    owner_ = owner;
    // Rights and policies take a moment to hold.
    ASSERT_TRUE(eventually([&] {
      return create(writer_, sandbox()).find(kNoPods) != std::string::npos &&
             create(owner_, with_claims()).find(kTaken) == 0;
    }));
  }

  // Answers a token of a new account with these rights.
  static std::string account(const std::string& name, const std::vector<std::string>& creates) {
    ask("POST", kAccounts, json{{"metadata", {{"name", name}}}}.dump());
    json rules = json::array({{{"apiGroups", {"agents.x-k8s.io"}},
                               {"resources", {"sandboxes"}},
                               {"verbs", {"create", "patch"}}}});
    if (!creates.empty()) {
      rules.push_back({{"apiGroups", {""}}, {"resources", creates}, {"verbs", {"create"}}});
    }
    ask("POST", kRoles + "roles", json{{"metadata", {{"name", name}}}, {"rules", rules}}.dump());
    const json binding = {
        {"metadata", {{"name", name}}},
        {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "Role"}, {"name", name}}},
        {"subjects",
         {{{"kind", "ServiceAccount"}, {"name", name}, {"namespace", "sandboxlet-system"}}}}};
    ask("POST", kRoles + "rolebindings", binding.dump());
    return token(name);
  }

  static json sandbox() {
    const json container = {{"name", "main"}, {"image", "busybox"}};
    const json pod = {{"spec", {{"containers", json::array({container})}}}};
    return {{"apiVersion", "agents.x-k8s.io/v1beta1"},
            {"kind", "Sandbox"},
            {"metadata", {{"name", "authorized"}}},
            {"spec", {{"podTemplate", pod}}}};
  }
  static json with_claims() {
    json object = sandbox();
    const json claim = {{"accessModes", {"ReadWriteOnce"}},
                        {"resources", {{"requests", {{"storage", "1Gi"}}}}}};
    object["spec"]["volumeClaimTemplates"] = {{{"metadata", {{"name", "data"}}}, {"spec", claim}}};
    return object;
  }
  static json with_service(const std::string& type) {
    const json port = {{"port", 80}};
    return {{"networking", {{"service", {{"type", type}, {"ports", {port}}}}}}};
  }
  static std::string create(const std::string& who, const json& object) {
    return as(who, "POST", kSandboxes + "?dryRun=All", object);
  }
  static std::string patch(const std::string& who, const std::string& name, const json& spec) {
    return as(who, "PATCH", kSandboxes + "/" + name + "?dryRun=All", {{"spec", spec}});
  }

  static json other_pod() { return {{"podTemplate", {{"spec", {{"hostname", "other"}}}}}}; }
  static json suspended() { return {{"operatingMode", "Suspended"}}; }

  std::string writer_;
  std::string maker_;
  std::string owner_;
};

TEST_F(PodAuthorizationTest, WhoMayNotCreatePodsMakesNoSandbox) {
  EXPECT_THAT(create(writer_, sandbox()),
              AllOf(HasSubstr(kForbidden), HasSubstr(kNoPods),
                    HasSubstr("system:serviceaccount:sandboxlet-system:writer"),
                    HasSubstr(R"(in the namespace \"default\")")));
  EXPECT_THAT(create(maker_, sandbox()), HasSubstr(kTaken));
}

TEST_F(PodAuthorizationTest, AnyServiceAccountOfTheNamespaceMayBeUsedAsByAPod) {
  json object = sandbox();
  object["spec"]["podTemplate"]["spec"]["serviceAccountName"] = "another";
  EXPECT_THAT(create(maker_, object), HasSubstr(kTaken));
  EXPECT_THAT(create(writer_, object), HasSubstr(kForbidden));
}

TEST_F(PodAuthorizationTest, WhoMayNotCreateClaimsMakesNoSandboxThatHasThem) {
  EXPECT_THAT(create(maker_, with_claims()), AllOf(HasSubstr(kForbidden), HasSubstr(kNoClaims),
                                                   HasSubstr(R"(in the namespace \"default\")")));
  EXPECT_THAT(create(owner_, with_claims()), HasSubstr(kTaken));
  json none = sandbox();
  none["spec"]["volumeClaimTemplates"] = json::array();
  EXPECT_THAT(create(maker_, none), HasSubstr(kTaken));
}

TEST_F(PodAuthorizationTest, WhoMayNotCreateServicesHasNoneMadeOfTheirOwn) {
  json object = sandbox();
  object["spec"].update(with_service("NodePort"));
  EXPECT_THAT(create(owner_, object), AllOf(HasSubstr(kForbidden), HasSubstr(kNoServices)));
  create_bound("authorized-service", "");
  EXPECT_THAT(patch(writer_, "authorized-service", with_service("ClusterIP")),
              AllOf(HasSubstr(kForbidden), HasSubstr(kNoServices)));
  // What is there is suspended, and taken away, by whoever may write Sandboxes.
  ask("PATCH", kSandboxes + "/authorized-service", json{{"spec", with_service("ClusterIP")}}.dump(),
      "application/merge-patch+json");
  EXPECT_THAT(patch(writer_, "authorized-service", suspended()), HasSubstr(kTaken));
  EXPECT_THAT(patch(writer_, "authorized-service", {{"networking", nullptr}}), HasSubstr(kTaken));
  EXPECT_THAT(patch(writer_, "authorized-service", with_service("LoadBalancer")),
              HasSubstr(kNoServices));
}

TEST_F(PodAuthorizationTest, WhoMayNotCreatePodsChangesNoPod) {
  create_bound("authorized-change", "");
  EXPECT_THAT(patch(writer_, "authorized-change", other_pod()),
              AllOf(HasSubstr(kForbidden), HasSubstr(kNoPods)));
  EXPECT_THAT(patch(maker_, "authorized-change", other_pod()), HasSubstr(kTaken));
}

TEST_F(PodAuthorizationTest, WhatIsThereIsSuspendedByWhoeverMayWriteSandboxes) {
  create_bound("authorized-suspend", "");
  EXPECT_THAT(patch(writer_, "authorized-suspend", suspended()), HasSubstr(kTaken));
}

TEST_F(PodAuthorizationTest, ThePodOfASandboxWithClaimsIsChangedByWhoMayCreatePods) {
  json object = with_claims();
  object["metadata"]["name"] = "authorized-claims";
  ask("POST", kSandboxes, object.dump());
  EXPECT_THAT(patch(maker_, "authorized-claims", other_pod()), HasSubstr(kTaken));
}

TEST_F(PodAuthorizationTest, AgentsSuspendAndHoldWithoutPodsOfTheirOwn) {
  const std::string agent = agent_token("authorized");
  create_bound("authorized-agent", "authorized");
  EXPECT_THAT(patch(agent, "authorized-agent", suspended()), HasSubstr(kTaken));
  const json held = {{"metadata", {{"finalizers", {"sandboxlet.io/node"}}}}};
  EXPECT_THAT(as(agent, "PATCH", kSandboxes + "/authorized-agent?dryRun=All", held),
              HasSubstr(kTaken));
  EXPECT_THAT(patch(agent, "authorized-agent", other_pod()), HasSubstr(kNoPods));
}

TEST_F(PodAuthorizationTest, TheShimBindsAndLetsGoWithoutPodsOfItsOwn) {
  const std::string shim = token("sandbox-shim");
  const std::string path = kSandboxes + "/authorized-shim";
  create_bound("authorized-shim", "");
  EXPECT_THAT(as(shim, "PATCH", path + "/status?dryRun=All", {{"status", {{"nodeName", "one"}}}}),
              HasSubstr(kTaken));
  ask("PATCH", path, R"({"metadata": {"finalizers": ["sandboxlet.io/node"]}})",
      "application/merge-patch+json");
  ask("DELETE", path);
  EXPECT_THAT(as(shim, "PATCH", path, {{"metadata", {{"finalizers", nullptr}}}}),
              HasSubstr(kTaken));
}

}  // namespace
}  // namespace sandboxlet::test
