#include <gmock/gmock.h>

#include "tests/kube/manifests_test.h"
#include "tests/rig/eventually.h"

namespace sandboxlet::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::string kSpaces = "/api/v1/namespaces";
constexpr char kCount[] = "count/sandboxes.agents.x-k8s.io";

// A namespace that may have one Sandbox.
class ResourceQuotaTest : public ManifestsTest {
 protected:
  void make_namespace(const std::string& name) {
    ask("POST", kSpaces, json{{"metadata", {{"name", name}}}}.dump());
    sandboxes_ = "/apis/agents.x-k8s.io/v1beta1/namespaces/" + name + "/sandboxes";
    quota_ = kSpaces + "/" + name + "/resourcequotas";
    const json quota = {{"metadata", {{"name", "one"}}}, {"spec", {{"hard", {{kCount, "1"}}}}}};
    ask("POST", quota_, quota.dump());
    quota_ += "/one";
    ASSERT_TRUE(eventually([&] { return ask("GET", quota_)["status"].contains("hard"); }));
  }
  std::string used() const { return ask("GET", quota_)["status"]["used"][kCount]; }

  Result<std::string> create(const std::string& name) const {
    const json container = {{"name", "main"}, {"image", "busybox"}};
    const json pod = {{"spec", {{"containers", json::array({container})}}}};
    const json sandbox = {{"apiVersion", "agents.x-k8s.io/v1beta1"},
                          {"kind", "Sandbox"},
                          {"metadata", {{"name", name}}},
                          {"spec", {{"podTemplate", pod}}}};
    return api().request("POST", sandboxes_, sandbox.dump());
  }

  std::string sandboxes_;
  std::string quota_;
};

TEST_F(ResourceQuotaTest, ANamespaceHasSoManySandboxes) {
  make_namespace("counted");
  ASSERT_TRUE(create("first"));
  const auto second = create("second");
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message(),
              HasSubstr("exceeded quota: one, requested: " + std::string(kCount) + "=1"));
  EXPECT_EQ(used(), "1");
}

TEST_F(ResourceQuotaTest, WhatIsDeletedMakesRoom) {
  make_namespace("freed");
  ASSERT_TRUE(create("first"));
  ASSERT_FALSE(create("second"));
  ask("DELETE", sandboxes_ + "/first");
  // The API server counts up alone; down does kube-controller-manager, which looks for new kinds
  // each half minute.
  EXPECT_TRUE(eventually([&] { return used() == "0"; }, std::chrono::seconds(90)));
  EXPECT_TRUE(create("second"));
}

}  // namespace
}  // namespace sandboxlet::test
