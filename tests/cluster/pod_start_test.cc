#include "kube/base64.h"
#include "tests/cluster/cluster_test.h"
#include "tests/rig/asking_registry.h"
#include "tests/rig/eventually.h"

namespace sandboxlet::test {
namespace {

using testing::Contains;
using testing::HasSubstr;

// What a node asks the cluster before it starts a pod.
class PodStartTest : public ClusterTest {
 protected:
  void TearDown() override {
    if (!IsSkipped()) label(nullptr);
    ClusterTest::TearDown();
  }
  // The level of "default".
  static void label(const Json& level) {
    const Json labels = {{"pod-security.kubernetes.io/enforce", level}};
    ask("PATCH", "/api/v1/namespaces/default", Json{{"metadata", {{"labels", labels}}}}.dump(),
        "application/merge-patch+json");
  }
  bool tells(const std::string& name, const std::string& reason) {
    return eventually([&] { return testing::Value(events_of(name), Contains(reason)); });
  }
};

TEST_F(PodStartTest, WhatItsNamespaceHasComeToRefuseDoesNotStart) {
  begin();
  create(counter("refused-since", {{"operatingMode", "Suspended"}}));
  label("restricted");
  patch("refused-since", {{"spec", {{"operatingMode", "Running"}}}});
  EXPECT_TRUE(eventually([&] {
    const Json ready = condition("refused-since", "Ready");
    return !ready.is_null() &&
           testing::Value(ready["message"].get<std::string>(),
                          HasSubstr("Error seen: pods \"refused-since\" is forbidden: violates "
                                    "PodSecurity \"restricted:latest\": "));
  })) << condition("refused-since", "Ready");
  EXPECT_EQ(pods(0), 0u);
}

TEST_F(PodStartTest, WhatRunsWhenItsNamespaceBecomesStricterRunsOn) {
  begin();
  create(counter("runs-on"));
  ASSERT_TRUE(becomes("runs-on", "Ready", "True"));
  label("restricted");
  ASSERT_TRUE(node().agent->kill_and_restart());
  patch("runs-on", {{"spec", {{"pause", true}}}});
  ASSERT_TRUE(becomes("runs-on", "Suspended", "True"));
  patch("runs-on", {{"spec", {{"pause", false}}}});
  EXPECT_TRUE(becomes("runs-on", "Ready", "True"));
}

TEST_F(PodStartTest, APullGoesOnWithoutTheSecretThatItCannotHave) {
  begin();
  Json sandbox = counter("no-secret");
  Json& pod = sandbox["spec"]["podTemplate"]["spec"];
  pod["imagePullSecrets"] = {{{"name", "absent"}}};
  pod["containers"][0]["image"] = "localhost:1/private:1";
  create(sandbox);
  EXPECT_TRUE(tells("no-secret", "FailedToRetrieveImagePullSecret"));
  EXPECT_TRUE(eventually([&] {
    const Json status = get("no-secret")["status"];
    return status.contains("containers") &&
           testing::Value(status["containers"][0].value("message", ""),
                          HasSubstr("localhost:1/private:1"));
  }));
}

TEST_F(PodStartTest, TheRegistryHearsWhatThePullSecretSays) {
  const AskingRegistry registry;
  const Json auths = {{registry.host(), {{"username", "me"}, {"password", "p"}}}};
  const Json secret = {
      {"metadata", {{"name", "registry"}}},
      {"type", "kubernetes.io/dockerconfigjson"},
      {"data", {{".dockerconfigjson", kube::encode_base64(Json{{"auths", auths}}.dump())}}}};
  begin();
  ask("POST", "/api/v1/namespaces/default/secrets", secret.dump());
  kubectl({"create", "rolebinding", "pull-secrets", "--clusterrole=sandboxlet-pull-secrets",
           "--serviceaccount=sandboxlet-system:sandboxlet"});
  Json sandbox = counter("private");
  Json& pod = sandbox["spec"]["podTemplate"]["spec"];
  pod["imagePullSecrets"] = {{{"name", "registry"}}};
  pod["containers"][0]["image"] = registry.host() + "/private:1";
  create(sandbox);
  const std::string basic = "Basic " + kube::encode_base64("me:p");
  EXPECT_TRUE(eventually([&] { return registry.credentials().contains(basic); }))
      << get("private")["status"];
  EXPECT_EQ(node().agent->log().find(kube::encode_base64("me:p")), std::string::npos);
  remove("private");
  kubectl({"delete", "rolebinding/pull-secrets", "secret/registry"});
}

}  // namespace
}  // namespace sandboxlet::test
