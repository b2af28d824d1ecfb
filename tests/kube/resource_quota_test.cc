#include <gmock/gmock.h>

#include "tests/kube/manifests_test.h"
#include "tests/rig/eventually.h"

namespace sandboxlet::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::string kSpaces = "/api/v1/namespaces";
const std::string kCounted = "/apis/agents.x-k8s.io/v1beta1/namespaces/counted/sandboxes";
constexpr char kCount[] = "count/sandboxes.agents.x-k8s.io";

using ResourceQuotaTest = ManifestsTest;

json sandbox(const std::string& name) {
  const json container = {{"name", "main"}, {"image", "busybox"}};
  const json pod = {{"spec", {{"containers", json::array({container})}}}};
  return {{"apiVersion", "agents.x-k8s.io/v1beta1"},
          {"kind", "Sandbox"},
          {"metadata", {{"name", name}}},
          {"spec", {{"podTemplate", pod}}}};
}

TEST_F(ResourceQuotaTest, ANamespaceHasSoManySandboxes) {
  ask("POST", kSpaces, R"({"metadata": {"name": "counted"}})");
  const std::string quotas = kSpaces + "/counted/resourcequotas";
  const json quota = {{"metadata", {{"name", "sandboxes"}}}, {"spec", {{"hard", {{kCount, "1"}}}}}};
  ask("POST", quotas, quota.dump());
  const auto status = [&] { return ask("GET", quotas + "/sandboxes")["status"]; };
  ASSERT_TRUE(eventually([&] { return status().contains("hard"); }));
  ask("POST", kCounted, sandbox("first").dump());
  const auto second = api().request("POST", kCounted, sandbox("second").dump());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message(),
              HasSubstr("exceeded quota: sandboxes, requested: " + std::string(kCount) + "=1"));
  EXPECT_EQ(status()["used"][kCount], "1");
}

}  // namespace
}  // namespace sandboxlet::test
