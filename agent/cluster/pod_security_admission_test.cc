#include "agent/cluster/pod_security_admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/testing/sandboxes.h"
#include "base/manual_loop.h"
#include "kube/fake_api_server.h"

namespace sandboxlet::agent {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using testing::HasSubstr;

class PodSecurityAdmissionTest : public testing::Test {
 protected:
  ~PodSecurityAdmissionTest() override { server_.client_died(true); }

  void label(const std::string& level) {
    const kube::ObjectRef ref{kube::kNamespaces, "", "default", ""};
    const Json meta = {{"name", "default"}, {"labels", {{api::kEnforceLabel, level}}}};
    server_.objects().create(ref, {{"metadata", {{"name", "default"}}}});
    server_.objects().merge_patch(ref, {{"metadata", meta}});
  }
  // What is said of it; empty where it may start.
  std::string refusal(bool ran_before = false) {
    const auto admitted = loop_.run(admission_.admit(sandbox_, ran_before));
    return admitted ? "" : admitted.error().message();
  }
  size_t asked() const { return server_.requests().size(); }

  static std::shared_ptr<const api::Sandbox> valid() {
    auto sandbox = api::valid_sandbox();
    sandbox.metadata.name = "box";
    sandbox.metadata.namespace_ = "default";
    return std::make_shared<const api::Sandbox>(std::move(sandbox));
  }

  ManualLoop loop_;
  kube::FakeApiServer server_{loop_.clock()};
  kube::Client client_{server_, loop_.clock()};
  PodSecurityAdmission admission_{client_, loop_.clock()};
  const std::shared_ptr<const api::Sandbox> sandbox_ = valid();
};

TEST_F(PodSecurityAdmissionTest, APodIsHeldToTheLevelOfItsNamespaceInTheServersWords) {
  label("restricted");
  EXPECT_THAT(refusal(), HasSubstr("pods \"box\" is forbidden: violates PodSecurity "
                                   "\"restricted:latest\": allowPrivilegeEscalation != false"));
  EXPECT_EQ(loop_.run(admission_.admit(sandbox_, false)).error().code(), Code::kPermissionDenied);
}

TEST_F(PodSecurityAdmissionTest, ANamespaceWithoutALabelTakesAll) {
  server_.objects().create({kube::kNamespaces, "", "default", ""},
                           {{"metadata", {{"name", "default"}}}});
  EXPECT_EQ(refusal(), "");
}

TEST_F(PodSecurityAdmissionTest, ALevelIsAskedForOnceInThirtySeconds) {
  label("baseline");
  for (int pod = 0; pod < 3; ++pod) EXPECT_EQ(refusal(), "");
  EXPECT_EQ(asked(), 1);
  label("restricted");
  EXPECT_EQ(refusal(), "");
  loop_.run_for(30s);
  EXPECT_NE(refusal(), "");
  EXPECT_EQ(asked(), 2);
}

TEST_F(PodSecurityAdmissionTest, PodsThatStartTogetherAskOnce) {
  label("restricted");
  int refused = 0;
  for (int pod = 0; pod < 3; ++pod) {
    asio::co_spawn(
        loop_.io(), admission_.admit(sandbox_, false),
        [&](const std::exception_ptr&, const Result<>& admitted) { refused += admitted ? 0 : 1; });
  }
  loop_.run_for(1s);
  EXPECT_EQ(refused, 3);
  EXPECT_EQ(asked(), 1);
}

TEST_F(PodSecurityAdmissionTest, WhileTheServerIsAwayItsLastWordCounts) {
  label("restricted");
  EXPECT_NE(refusal(), "");
  server_.go_away();
  loop_.run_for(1h);
  EXPECT_THAT(refusal(/*ran_before=*/true), HasSubstr("violates PodSecurity"));
}

TEST_F(PodSecurityAdmissionTest, WhereNothingIsKnownWhatRanHereBeforeStartsAndTheNewWaits) {
  label("restricted");
  server_.go_away();
  EXPECT_EQ(refusal(/*ran_before=*/true), "");
  EXPECT_THAT(refusal(), HasSubstr("Pod Security level of the namespace: GET "));
  server_.come_back();
  loop_.run_for(1s);
  EXPECT_THAT(refusal(), HasSubstr("violates PodSecurity"));
}

TEST_F(PodSecurityAdmissionTest, WithoutTheRightToAskNothingStarts) {
  server_.fault = [](const kube::HttpRequest&) {
    kube::FakeHttpFault fault;
    fault.refusal = kube::refuse(403, "Forbidden", "no");
    return fault;
  };
  EXPECT_THAT(refusal(/*ran_before=*/true), HasSubstr("Pod Security level of the namespace"));
}

}  // namespace
}  // namespace sandboxlet::agent
