#include "agent/cluster/pull_secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/testing/sandboxes.h"
#include "base/manual_loop.h"
#include "kube/base64.h"
#include "kube/fake_api_server.h"

namespace sandboxlet::agent {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PullSecretsTest : public testing::Test {
 protected:
  ~PullSecretsTest() override { server_.client_died(true); }

  // For registry.example, as the user of that name.
  void make_secret(const std::string& name) {
    const Json auths = {{"registry.example", {{"username", name}, {"password", "p"}}}};
    const auto config = kube::encode_base64(Json{{"auths", auths}}.dump());
    server_.objects().create({kube::kSecrets, "default", name, ""},
                             {{"metadata", {{"name", name}}},
                              {"type", "kubernetes.io/dockerconfigjson"},
                              {"data", {{".dockerconfigjson", config}}}});
  }
  void make_account(const std::vector<std::string>& secrets) {
    Json references = Json::array();
    for (const auto& name : secrets) references.push_back({{"name", name}});
    server_.objects().create(
        {kube::kServiceAccounts, "default", "default", ""},
        {{"metadata", {{"name", "default"}}}, {"imagePullSecrets", references}});
  }
  // As whom the image is pulled, where the pod names those secrets.
  std::vector<std::string> users(const std::vector<std::string>& secrets,
                                 const std::string& image = "registry.example/a:1") {
    auto sandbox = api::valid_sandbox();
    sandbox.metadata.namespace_ = "default";
    for (const auto& name : secrets) {
      sandbox.spec.podTemplate.spec.imagePullSecrets.push_back({name});
    }
    auto found =
        loop_.run(secrets_.find(std::make_shared<const api::Sandbox>(std::move(sandbox)), image));
    std::vector<std::string> names;
    if (!found) return {found.error().message()};
    for (const auto& config : *found) names.push_back(config.username());
    return names;
  }

  ManualLoop loop_;
  kube::FakeApiServer server_{loop_.clock()};
  kube::Client client_{server_, loop_.clock()};
  std::vector<EventText> events_;
  PullSecrets secrets_{
      client_, [this](const api::ObjectMeta&, const EventText& text) { events_.push_back(text); }};
};

TEST_F(PullSecretsTest, AreThoseThatThePodNames) {
  make_secret("one");
  make_secret("two");
  make_account({"other"});
  EXPECT_THAT(users({"two", "one"}), ElementsAre("two", "one"));
  EXPECT_THAT(users({"one"}, "elsewhere.example/a"), IsEmpty());
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(PullSecretsTest, AreItsServiceAccountsWhereItNamesNone) {
  make_secret("one");
  make_account({"one"});
  EXPECT_THAT(users({}), ElementsAre("one"));
  EXPECT_THAT(users({""}), ElementsAre("one"));
}

TEST_F(PullSecretsTest, WithoutAnAccountThePullGoesOnWithout) {
  EXPECT_THAT(users({}), IsEmpty());
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(PullSecretsTest, OneThatIsNotThereIsToldAndTheOthersCount) {
  make_secret("one");
  EXPECT_THAT(users({"absent", "one", "gone"}), ElementsAre("one"));
  const EventText told{true, "FailedToRetrieveImagePullSecret",
                       "Unable to retrieve some image pull secrets (absent, gone); attempting to "
                       "pull the image may not succeed."};
  EXPECT_THAT(events_, ElementsAre(told));
}

TEST_F(PullSecretsTest, WhileTheApiServerIsAwayThePullGoesOnWithout) {
  make_secret("one");
  server_.go_away();
  EXPECT_THAT(users({"one"}), IsEmpty());
  EXPECT_EQ(events_.size(), 1u);
}

TEST_F(PullSecretsTest, OneThatIsNoConfigurationIsNamed) {
  server_.objects().create({kube::kSecrets, "default", "bad", ""},
                           {{"metadata", {{"name", "bad"}}},
                            {"type", "kubernetes.io/dockerconfigjson"},
                            {"data", {{".dockerconfigjson", kube::encode_base64("x")}}}});
  EXPECT_THAT(users({"bad"}), ElementsAre(HasSubstr("image pull secret \"bad\": ")));
}

TEST_F(PullSecretsTest, AreReadWhenAPullIsDueAndKeptNowhere) {
  make_secret("one");
  users({"one"});
  users({"one"});
  EXPECT_EQ(server_.requests().size(), 2u);
}

}  // namespace
}  // namespace sandboxlet::agent
