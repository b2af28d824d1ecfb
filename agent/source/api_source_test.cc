#include "agent/source/api_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <filesystem>

#include "api/conditions.h"
#include "api/time.h"
#include "kube/base64.h"
#include "tests/simulation/cluster.h"

namespace sandboxlet::agent {
namespace {

using namespace std::chrono_literals;
using simulation::Cluster;
using simulation::kNode;
using testing::Contains;
using testing::ElementsAre;
using testing::Gt;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using Json = nlohmann::json;

// The source with a real store and a real manager, on a fake machine and a fake API server.
class ApiSourceTest : public testing::Test {
 protected:
  ApiSourceTest() { spdlog::set_level(spdlog::level::off); }

  // Bound to this node and Ready, with all of it told; its uid.
  std::string ready(const std::string& name) {
    const std::string uid = cluster_.create(name)["metadata"]["uid"];
    cluster_.bind(name);
    settle();
    EXPECT_EQ(condition(name, "Ready"), "True");
    return uid;
  }
  void settle() { cluster_.run_for(3s); }

  std::string condition(const std::string& name, const char* type, const char* field = "status") {
    const Json object = cluster_.get(name);
    for (const Json& one : object.value(Json::json_pointer("/status/conditions"), Json::array())) {
      if (one["type"] == type) return one[field];
    }
    return "none";
  }
  // "PATCH .../box/status", without the reads.
  std::vector<std::string> writes() {
    std::vector<std::string> all;
    for (const auto& request : cluster_.server().requests()) {
      const auto end = request.path.find('?');
      const auto begin = request.path.rfind("sandboxes/", end) + sizeof "sandboxes/" - 1;
      if (request.method != "GET") {
        all.push_back(request.method + " " + request.path.substr(begin, end - begin));
      }
    }
    return all;
  }
  Json finalizers(const std::string& name) {
    return cluster_.get(name).value(Json::json_pointer("/metadata/finalizers"), Json::array());
  }
  size_t pods() { return cluster_.machine().runtime().state().pods().size(); }
  bool frozen(const std::string& uid) { return cluster_.machine().cgroups().frozen(uid); }
  Result<api::Sandbox> suspend(const std::string& name) {
    return cluster_.run(cluster_.source().suspend({"", name}, "Freeze"));
  }
  Result<api::Sandbox> resume(const std::string& name) {
    return cluster_.run(cluster_.source().resume({"", name}, "User"));
  }
  std::vector<std::string> event_reasons() {
    std::vector<std::string> all;
    for (const auto& record : cluster_.life().events().records()) all.push_back(record.text.reason);
    return all;
  }
  // For docker.io, as "me".
  void make_pull_secret(const std::string& name, const std::string& password) {
    const Json auths = {{"docker.io", {{"username", "me"}, {"password", password}}}};
    const auto config = kube::encode_base64(Json{{"auths", auths}}.dump());
    cluster_.server().objects().create({kube::kSecrets, "default", name, ""},
                                       {{"metadata", {{"name", name}}},
                                        {"type", "kubernetes.io/dockerconfigjson"},
                                        {"data", {{".dockerconfigjson", config}}}});
  }
  void label_namespace(const std::string& level) {
    const Json labels = {{"pod-security.kubernetes.io/enforce", level}};
    cluster_.server().objects().merge_patch({kube::kNamespaces, "", "default", ""},
                                            {{"metadata", {{"labels", labels}}}});
  }
  // The writes of a kind of body are answered like this.
  void refuse_specs(int code, const char* reason) {
    cluster_.server().fault = [code, reason](const kube::HttpRequest& request) {
      kube::FakeHttpFault fault;
      if (request.body.find("\"spec\"") != std::string::npos) {
        fault.refusal = kube::refuse(code, reason, "the policy does not let you");
      }
      return fault;
    };
  }

  Cluster cluster_;
};

TEST_F(ApiSourceTest, RunsWhatIsBoundHereAndNothingElse) {
  cluster_.create("unbound");
  cluster_.create("elsewhere");
  cluster_.bind("elsewhere", "node-2");
  const std::string uid = ready("box");
  EXPECT_EQ(pods(), 1u);
  EXPECT_EQ(condition("unbound", "Ready"), "none");
  EXPECT_TRUE(cluster_.source().connection());
  EXPECT_EQ(cluster_.source().get({"", "box"})->metadata.uid, uid);
}

TEST_F(ApiSourceTest, WhatItsNamespaceRefusesDoesNotStartAndSaysWhy) {
  label_namespace("restricted");
  cluster_.create("box");
  cluster_.bind("box");
  settle();
  EXPECT_EQ(condition("box", "Ready", "reason"), "ReconcilerError");
  EXPECT_THAT(condition("box", "Ready", "message"),
              HasSubstr("Error seen: pods \"box\" is forbidden: violates PodSecurity "));
  EXPECT_EQ(pods(), 0u);
  label_namespace("privileged");
  cluster_.run_for(2min);
  EXPECT_EQ(condition("box", "Ready"), "True");
}

TEST_F(ApiSourceTest, WhatRunsWhenItsNamespaceBecomesStricterRunsOn) {
  const std::string uid = ready("box");
  label_namespace("restricted");
  cluster_.kill_agent();
  cluster_.start_agent();
  cluster_.run_for(2min);
  EXPECT_EQ(condition("box", "Ready"), "True");
  EXPECT_TRUE(suspend("box"));
  EXPECT_TRUE(resume("box"));
  EXPECT_TRUE(cluster_.run(cluster_.source().suspend({"", "box"}, "Terminate")));
  EXPECT_THAT(resume("box").error().message(), HasSubstr("violates PodSecurity"));
}

TEST_F(ApiSourceTest, APrivateImageIsPulledWithOneCredentialAfterTheOther) {
  make_pull_secret("old", "then");
  make_pull_secret("new", "now");
  cluster_.machine().runtime().protect_image("app:0", "me", "now");
  cluster_.create("box");
  const Json secrets = {{{"name", "old"}}, {{"name", "absent"}}, {{"name", "new"}}};
  cluster_.patch("box", {{"spec", {{"podTemplate", {{"spec", {{"imagePullSecrets", secrets}}}}}}}});
  cluster_.bind("box");
  settle();
  EXPECT_EQ(condition("box", "Ready"), "True");
  EXPECT_THAT(event_reasons(), Contains("FailedToRetrieveImagePullSecret"));
}

TEST_F(ApiSourceTest, APrivateImageIsNotPulledWithoutItsCredential) {
  make_pull_secret("old", "then");
  cluster_.machine().runtime().protect_image("app:0", "me", "now");
  cluster_.create("box");
  cluster_.bind("box");
  settle();
  EXPECT_THAT(cluster_.get("box")["status"]["containers"][0]["message"].get<std::string>(),
              HasSubstr("401 Unauthorized"));
}

TEST_F(ApiSourceTest, AStatusIsWrittenWhenItChangesAndNotAgain) {
  ready("box");
  cluster_.server().clear_requests();
  cluster_.run_for(2min);
  EXPECT_THAT(writes(), IsEmpty());
  EXPECT_THAT(cluster_.second_pass(), IsEmpty());
}

TEST_F(ApiSourceTest, AStartIsToldOnceItIsReady) {
  cluster_.machine().runtime().fail_always("StartContainer", {.delay = 300ms});
  ready("box");
  EXPECT_THAT(writes(), ElementsAre("PATCH box", "PATCH box/status"));
}

TEST_F(ApiSourceTest, AStartThatTakesLongIsToldOnItsWay) {
  cluster_.machine().runtime().fail_always("StartContainer", {.delay = 10s});
  cluster_.create("box");
  cluster_.bind("box");
  settle();
  EXPECT_THAT(writes(), ElementsAre("PATCH box", "PATCH box/status"));
  EXPECT_EQ(condition("box", "Ready", "reason"), "DependenciesNotReady");
}

TEST_F(ApiSourceTest, WhatChangesWhileAStatusIsOnItsWayIsOneWriteMore) {
  cluster_.server().fault = [](const kube::HttpRequest& request) {
    kube::FakeHttpFault fault;
    // Longer than the Sandbox needs to become Ready.
    if (request.method == "PATCH") fault.answer_delay = 2s;
    return fault;
  };
  cluster_.create("box");
  cluster_.bind("box");
  cluster_.run_for(20s);
  EXPECT_EQ(condition("box", "Ready"), "True");
  EXPECT_THAT(writes(), ElementsAre("PATCH box", "PATCH box/status"));
}

TEST_F(ApiSourceTest, AStatusDoesNotCoverABindingToAnotherNode) {
  const std::string uid = ready("box");
  // The news of it does not come.
  cluster_.server().stall_watches();
  cluster_.bind("box", "node-2");
  cluster_.server().objects().merge_patch(
      {kube::kSandboxes, "default", "box", "status"},
      {{"status", {{"conditions", nullptr}, {"podIPs", {"10.2.0.1"}}}}});
  cluster_.machine().end_some_container([] { return 0; }, 1);
  settle();
  EXPECT_EQ(cluster_.get("box")["status"]["nodeName"], "node-2");
  EXPECT_EQ(cluster_.get("box")["status"]["podIPs"], Json({"10.2.0.1"}));
  EXPECT_EQ(condition("box", "Ready"), "none");
  // It was the conflict that told.
  EXPECT_EQ(pods(), 0u);
}

TEST_F(ApiSourceTest, HoldsTheObjectUntilNothingIsLeft) {
  ready("box");
  EXPECT_THAT(finalizers("box"), Contains(api::kNodeFinalizer));
  cluster_.machine().runtime().ignore_term("c0");
  cluster_.remove("box");
  settle();
  EXPECT_FALSE(cluster_.get("box").is_null());
  EXPECT_GT(pods(), 0u);
  cluster_.run_for(40s);
  EXPECT_TRUE(cluster_.get("box").is_null());
  EXPECT_EQ(pods(), 0u);
  EXPECT_THAT(cluster_.problems(), IsEmpty());
}

TEST_F(ApiSourceTest, LetsGoOnceAndLeavesTheFinalizersOfOthers) {
  ready("box");
  cluster_.patch("box", {{"metadata", {{"finalizers", {api::kNodeFinalizer, "x.io/other"}}}}});
  settle();
  cluster_.server().clear_requests();
  cluster_.remove("box");
  cluster_.run_for(1min);
  // The finalizer was put there by another's write too, which owns it since.
  EXPECT_THAT(writes(), Contains("PATCH box"));
  EXPECT_THAT(finalizers("box"), Contains("x.io/other"));
  EXPECT_EQ(pods(), 0u);
}

TEST_F(ApiSourceTest, AReleaseIsWrittenOnce) {
  ready("box");
  cluster_.server().watch_fault = [] { return kube::FakeWatchFault{.delay = 5s}; };
  cluster_.server().clear_requests();
  cluster_.remove("box");
  cluster_.run_for(1min);
  const auto all = writes();
  EXPECT_EQ(std::count(all.begin(), all.end(), "PATCH box"), 1);
}

TEST_F(ApiSourceTest, WhatIsRemovedByForceIsPutDown) {
  ready("box");
  cluster_.force_remove("box");
  cluster_.run_for(1min);
  EXPECT_THAT(cluster_.problems(), IsEmpty());
  EXPECT_EQ(cluster_.source().get({"", "box"}).error().code(), Code::kNotFound);
}

TEST_F(ApiSourceTest, WhatWentWhileTheAgentWasAwayIsPutDown) {
  ready("box");
  cluster_.kill_agent();
  cluster_.force_remove("box");
  cluster_.start_agent();
  cluster_.run_for(1min);
  EXPECT_THAT(cluster_.problems(), IsEmpty());
}

TEST_F(ApiSourceTest, WhatIsBoundElsewhereEndsHereAndItsVolumesStay) {
  const std::string uid = ready("box");
  const std::string data = cluster_.machine().data_root() + "/sandboxes/" + uid + "/claims/data";
  ASSERT_TRUE(std::filesystem::exists(data));
  cluster_.bind("box", "node-2");
  const Json bound = cluster_.get("box");
  cluster_.server().clear_requests();
  cluster_.run_for(1min);
  EXPECT_EQ(pods(), 0u);
  EXPECT_TRUE(std::filesystem::exists(data));
  EXPECT_EQ(cluster_.source().get({"", "box"}).error().code(), Code::kNotFound);
  EXPECT_EQ(cluster_.get("box"), bound);
  EXPECT_THAT(writes(), IsEmpty());
  EXPECT_THAT(cluster_.problems(), IsEmpty());
}

TEST_F(ApiSourceTest, TheVolumesOfOneThatHasLeftGoWithItsObject) {
  const std::string uid = ready("box");
  const std::string folder = cluster_.machine().data_root() + "/sandboxes/" + uid;
  cluster_.bind("box", "node-2");
  cluster_.run_for(1min);
  ASSERT_TRUE(std::filesystem::exists(folder));
  cluster_.force_remove("box");
  cluster_.run_for(6min);
  EXPECT_FALSE(std::filesystem::exists(folder));
  EXPECT_THAT(cluster_.problems(), IsEmpty());
}

TEST_F(ApiSourceTest, TheVolumesOfOneThatHadLeftBeforeARestartGoWithItsObject) {
  const std::string uid = ready("box");
  const std::string folder = cluster_.machine().data_root() + "/sandboxes/" + uid;
  cluster_.bind("box", "node-2");
  cluster_.run_for(1min);
  cluster_.server().go_away();
  cluster_.kill_agent();
  cluster_.start_agent();
  cluster_.run_for(1min);
  // It may run elsewhere: nobody starts it here.
  EXPECT_EQ(resume("box").error().code(), Code::kNotFound);
  EXPECT_EQ(pods(), 0u);
  cluster_.server().come_back();
  cluster_.run_for(1min);
  ASSERT_TRUE(std::filesystem::exists(folder));
  cluster_.force_remove("box");
  cluster_.run_for(6min);
  EXPECT_FALSE(std::filesystem::exists(folder));
  EXPECT_THAT(cluster_.problems(), IsEmpty());
}

TEST_F(ApiSourceTest, OneThatWasTerminatedBeforeLeavesToo) {
  ready("box");
  cluster_.suspend("box", api::Depth::kTerminate);
  cluster_.run_for(1min);
  cluster_.bind("box", "node-2");
  cluster_.run_for(1min);
  EXPECT_THAT(cluster_.problems(), IsEmpty());
}

TEST_F(ApiSourceTest, OneThatLeavesIsNotBegunByARestartWhileTheServerIsAway) {
  ready("box");
  cluster_.machine().runtime().ignore_term("c0");
  cluster_.bind("box", "node-2");
  settle();
  ASSERT_GT(pods(), 0u);
  cluster_.server().go_away();
  cluster_.kill_agent();
  cluster_.start_agent();
  cluster_.run_for(1min);
  EXPECT_EQ(pods(), 0u);
}

TEST_F(ApiSourceTest, OneThatComesBackBeforeItHasLeftIsKeptForGood) {
  ready("box");
  cluster_.machine().runtime().ignore_term("c0");
  cluster_.bind("box", "node-2");
  settle();
  ASSERT_GT(pods(), 0u);
  cluster_.bind("box");
  cluster_.run_for(1min);
  EXPECT_EQ(condition("box", "Ready"), "True");
  // It ends again, but is not to leave.
  bool is_gone = false;
  const auto listening = cluster_.source().listen(
      [&](ChangeType type, const SandboxPtr&) { is_gone |= type == ChangeType::kDeleted; });
  cluster_.suspend("box", api::Depth::kTerminate);
  cluster_.run_for(1min);
  EXPECT_FALSE(is_gone);
  EXPECT_EQ(condition("box", "Suspended"), "True");
  EXPECT_THAT(cluster_.problems(), IsEmpty());
}

TEST_F(ApiSourceTest, OneThatIsBoundHereAgainIsNotReadyBeforeItRuns) {
  ready("box");
  cluster_.bind("box", "node-2");
  cluster_.run_for(1min);
  // As the shim says while it has no node.
  const kube::ObjectRef status{kube::kSandboxes, "default", "box", "status"};
  cluster_.server().objects().merge_patch(status, {{"status", {{"conditions", nullptr}}}});
  cluster_.machine().runtime().fail_always("RunPodSandbox",
                                           {.error = Error(Code::kUnavailable, "away")});
  cluster_.bind("box");
  cluster_.server().clear_requests();
  settle();
  EXPECT_EQ(condition("box", "Ready"), "False");
  for (const auto& request : cluster_.server().requests()) {
    EXPECT_THAT(request.body, Not(HasSubstr("Pod is Ready"))) << "it was told for a moment";
  }
}

TEST_F(ApiSourceTest, AnAnswerFromBeforeItCameBackDoesNotEndIt) {
  ready("box");
  cluster_.server().fault = [](const kube::HttpRequest& request) {
    kube::FakeHttpFault fault;
    if (request.path.ends_with("/box")) fault.answer_delay = 5s;
    return fault;
  };
  cluster_.bind("box", "node-2");
  cluster_.run_for(1s);
  cluster_.bind("box");
  cluster_.run_for(1min);
  EXPECT_EQ(pods(), 1u);
  EXPECT_THAT(cluster_.problems(), IsEmpty());
}

TEST_F(ApiSourceTest, RunsFromTheStoreWhileTheServerIsAway) {
  const std::string uid = ready("box");
  cluster_.kill_agent();
  cluster_.server().go_away();
  cluster_.machine().end_some_container([] { return 0; }, 1);
  cluster_.start_agent();
  cluster_.run_for(1min);
  EXPECT_FALSE(cluster_.source().connection());
  const auto box = cluster_.source().get({"", "box"});
  ASSERT_TRUE(box);
  EXPECT_EQ(api::find_condition(box->status.conditions, "Ready")->status, "True");
  EXPECT_EQ(box->status.containers.at(0).restartCount, 1);
  cluster_.server().come_back();
  cluster_.run_for(1min);
  EXPECT_EQ(cluster_.get("box")["status"]["containers"][0]["restartCount"], 1);
  EXPECT_THAT(cluster_.problems(), IsEmpty());
}

TEST_F(ApiSourceTest, EndsASandboxAtItsShutdownTimeWhileTheServerIsAwayAlsoAfterARestart) {
  ready("box");
  const WallTime end = cluster_.life().loop().clock().wall() + 1h;
  cluster_.patch("box", {{"spec", {{"shutdownTime", api::format_time(end)}}}});
  settle();
  cluster_.server().go_away();
  cluster_.kill_agent();
  cluster_.start_agent();
  cluster_.run_for(59min);
  EXPECT_EQ(pods(), 1u);
  cluster_.run_for(1min);
  EXPECT_EQ(pods(), 0u);
  cluster_.server().come_back();
  cluster_.run_for(1min);
  EXPECT_EQ(condition("box", "Ready", "reason"), "SandboxExpired");
}

TEST_F(ApiSourceTest, WhatAFormerLifeSawAndNeverToldIsTold) {
  ready("box");
  cluster_.server().fault = [](const kube::HttpRequest& request) {
    kube::FakeHttpFault fault;
    if (request.path.ends_with("/status")) fault.refusal = kube::refuse(503, "", "not now");
    return fault;
  };
  cluster_.suspend("box", api::Depth::kTerminate);
  cluster_.run_for(1min);
  ASSERT_EQ(condition("box", "Suspended"), "False");
  cluster_.kill_agent();
  cluster_.server().fault = nullptr;
  cluster_.start_agent();
  cluster_.run_for(1min);
  EXPECT_EQ(condition("box", "Suspended"), "True");
  EXPECT_THAT(cluster_.problems(), IsEmpty());
}

// ---- The local socket

TEST_F(ApiSourceTest, ASuspendIsWrittenThrough) {
  const std::string uid = ready("box");
  ASSERT_TRUE(suspend("box"));
  EXPECT_TRUE(frozen(uid));
  EXPECT_EQ(cluster_.get("box")["spec"]["operatingMode"], "Suspended");
  ASSERT_TRUE(resume("box"));
  EXPECT_FALSE(frozen(uid));
  EXPECT_EQ(cluster_.get("box")["spec"]["operatingMode"], "Running");
  settle();
  EXPECT_THAT(cluster_.problems(), IsEmpty());
}

TEST_F(ApiSourceTest, ASuspendWhileTheServerIsAwayActsAtOnceAndIsWrittenLater) {
  const std::string uid = ready("box");
  cluster_.server().go_away();
  settle();
  ASSERT_TRUE(suspend("box"));
  EXPECT_TRUE(frozen(uid));
  EXPECT_EQ(cluster_.get("box")["spec"]["operatingMode"], "Running");
  // Not even a death loses it.
  cluster_.kill_agent();
  cluster_.start_agent();
  settle();
  cluster_.server().come_back();
  cluster_.run_for(1min);
  EXPECT_EQ(cluster_.get("box")["spec"]["operatingMode"], "Suspended");
  EXPECT_TRUE(frozen(uid));
  EXPECT_THAT(cluster_.problems(), IsEmpty());
}

TEST_F(ApiSourceTest, AResumeOvertakesASuspendThatIsOnItsWay) {
  const std::string uid = ready("box");
  cluster_.server().fault = [](const kube::HttpRequest& request) {
    kube::FakeHttpFault fault;
    if (request.body.find("\"spec\"") != std::string::npos) fault.delay = 5s;
    return fault;
  };
  ASSERT_TRUE(suspend("box"));
  ASSERT_TRUE(resume("box"));
  cluster_.run_for(1min);
  EXPECT_EQ(cluster_.get("box")["spec"]["operatingMode"], "Running");
  EXPECT_FALSE(frozen(uid));
  EXPECT_THAT(cluster_.problems(), IsEmpty());
}

TEST_F(ApiSourceTest, WhatTheServerRefusesIsTakenBackAndTold) {
  const std::string uid = ready("box");
  for (const auto& [code, reason] : {std::pair{403, "Forbidden"}, {422, "Invalid"}}) {
    refuse_specs(code, reason);
    const auto refused = suspend("box");
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message(), HasSubstr("the policy does not let you"));
    settle();
    EXPECT_FALSE(frozen(uid));
    EXPECT_THAT(event_reasons(), Contains("SuspensionRefused"));
    EXPECT_EQ(cluster_.source().get({"", "box"})->spec.operatingMode, "Running");
  }
  cluster_.server().fault = nullptr;
  EXPECT_TRUE(suspend("box"));
}

TEST_F(ApiSourceTest, ARefusalTakesBackNothingThatWasAskedForSince) {
  ready("box");
  cluster_.server().fault = [](const kube::HttpRequest& request) {
    kube::FakeHttpFault fault;
    if (request.body.find(R"("operatingMode":"Suspended")") == std::string::npos) return fault;
    fault.refusal = kube::refuse(403, "Forbidden", "the policy does not let you");
    fault.delay = 5s;
    return fault;
  };
  ASSERT_TRUE(suspend("box"));
  ASSERT_TRUE(resume("box"));
  cluster_.run_for(1min);
  EXPECT_THAT(event_reasons(), Not(Contains("SuspensionRefused")));
  EXPECT_THAT(cluster_.problems(), IsEmpty());
}

TEST_F(ApiSourceTest, AnObjectIsNotAppliedOrRemovedHere) {
  ready("box");
  EXPECT_EQ(cluster_.run(cluster_.source().apply({}, false, false)).error().code(),
            Code::kFailedPrecondition);
  EXPECT_EQ(cluster_.run(cluster_.source().remove({"", "box"}, 0, false)).error().code(),
            Code::kFailedPrecondition);
}

// ---- Namesakes and others

TEST_F(ApiSourceTest, ANamesakeIsAnotherSandbox) {
  const std::string before = ready("box");
  cluster_.force_remove("box");
  const std::string after = cluster_.create("box")["metadata"]["uid"];
  cluster_.bind("box");
  cluster_.run_for(1min);
  EXPECT_NE(before, after);
  EXPECT_EQ(cluster_.source().get({"", "box"})->metadata.uid, after);
  EXPECT_THAT(cluster_.problems(), IsEmpty());
}

TEST_F(ApiSourceTest, AWriteForTheDeadDoesNotTouchItsNamesake) {
  ready("box");
  cluster_.server().stall_watches();
  cluster_.force_remove("box");
  cluster_.create("box");
  const Json namesake = cluster_.get("box");
  static_cast<void>(suspend("box"));
  cluster_.machine().end_some_container([] { return 0; }, 1);
  settle();
  EXPECT_EQ(cluster_.get("box"), namesake);
  EXPECT_THAT(event_reasons(), Not(Contains("SuspensionRefused")));
  cluster_.run_for(1min);
  EXPECT_EQ(pods(), 0u);
}

TEST_F(ApiSourceTest, AnUnsupportedFieldIsToldAndNothingIsBegun) {
  cluster_.create("box");
  cluster_.patch("box", {{"spec", {{"podTemplate", {{"spec", {{"unheardOf", 1}}}}}}}});
  cluster_.bind("box");
  settle();
  EXPECT_EQ(condition("box", "Ready"), "False");
  EXPECT_EQ(condition("box", "Ready", "reason"), "UnsupportedField");
  EXPECT_THAT(condition("box", "Ready", "message"), HasSubstr("spec.podTemplate.spec.unheardOf"));
  EXPECT_EQ(pods(), 0u);
  EXPECT_THAT(finalizers("box"), IsEmpty());
  cluster_.server().clear_requests();
  cluster_.run_for(2min);
  EXPECT_THAT(writes(), IsEmpty());
  // Once it is mended it runs.
  cluster_.patch("box", {{"spec", {{"podTemplate", {{"spec", {{"unheardOf", nullptr}}}}}}}});
  cluster_.run_for(10s);
  EXPECT_EQ(condition("box", "Ready"), "True");
}

TEST_F(ApiSourceTest, OneThatRunsStaysUpThroughAnEditThatCannotBeDoneAndCanBeSuspended) {
  const std::string uid = ready("box");
  cluster_.patch("box", {{"spec", {{"podTemplate", {{"spec", {{"unheardOf", 1}}}}}}}});
  settle();
  EXPECT_EQ(pods(), 1u);
  EXPECT_EQ(condition("box", "Ready"), "True");
  EXPECT_THAT(event_reasons(), Contains("UnsupportedField"));
  cluster_.suspend("box", api::Depth::kFreeze);
  settle();
  EXPECT_TRUE(frozen(uid));
  cluster_.remove("box");
  cluster_.run_for(1min);
  EXPECT_TRUE(cluster_.get("box").is_null());
  EXPECT_EQ(pods(), 0u);
}

TEST_F(ApiSourceTest, WhatOthersSayInTheStatusStays) {
  ready("box");
  const Json scheduled{{"type", "Scheduled"},
                       {"status", "True"},
                       {"reason", "Bound"},
                       {"message", ""},
                       {"lastTransitionTime", "2026-01-01T00:00:00Z"}};
  Json conditions = cluster_.get("box")["status"]["conditions"];
  conditions.push_back(scheduled);
  cluster_.server().objects().merge_patch(
      {kube::kSandboxes, "default", "box", "status"},
      {{"status", {{"conditions", conditions}, {"serviceFQDN", "box.default.svc"}}}});
  cluster_.suspend("box", api::Depth::kFreeze);
  settle();
  EXPECT_EQ(condition("box", "Suspended"), "True");
  EXPECT_EQ(condition("box", "Scheduled", "reason"), "Bound");
  EXPECT_EQ(cluster_.get("box")["status"]["serviceFQDN"], "box.default.svc");
}

TEST_F(ApiSourceTest, ReadyWaitsForAServiceThatOthersTellOf) {
  const auto tell = [this](const Json& service) {
    cluster_.server().objects().merge_patch(
        {kube::kSandboxes, "default", "box", "status"},
        {{"status", {{"service", service}, {"networking", {{"ip", "10.96.0.1"}}}}}});
    settle();
    return condition("box", "Ready") + ": " + condition("box", "Ready", "message");
  };
  cluster_.create("box");
  cluster_.patch("box", {{"spec", {{"service", true}}}});
  cluster_.bind("box");
  settle();
  EXPECT_EQ(tell(nullptr), "False: Pod is Ready; Service does not exist");
  EXPECT_EQ(tell("box"), "True: Pod is Ready; Service Exists");
  cluster_.kill_agent();
  cluster_.start_agent();
  settle();
  EXPECT_EQ(condition("box", "Ready"), "True");
  EXPECT_EQ(cluster_.get("box")["status"]["networking"]["ip"], "10.96.0.1");
  EXPECT_EQ(tell(nullptr), "False: Pod is Ready; Service does not exist");
}

TEST_F(ApiSourceTest, ItsOwnConditionsAreMendedWhenOthersChangeThem) {
  ready("box");
  cluster_.server().objects().merge_patch({kube::kSandboxes, "default", "box", "status"},
                                          {{"status", {{"conditions", nullptr}}}});
  settle();
  EXPECT_EQ(condition("box", "Ready"), "True");
}

// A controller of upstream's says of a suspension that it is so, and no more.
TEST_F(ApiSourceTest, ASuspensionThatAnotherTellsOfIsNotTakenForWhatIsFoundHere) {
  const Json told{{{"type", "Ready"}, {"status", "True"}},
                  {{"type", "Suspended"}, {"status", "True"}}};
  cluster_.create("box");
  cluster_.server().objects().merge_patch({kube::kSandboxes, "default", "box", "status"},
                                          {{"status", {{"conditions", told}}}});
  cluster_.machine().runtime().fail_always("ListPodSandbox", {.delay = 2s});
  cluster_.bind("box");
  cluster_.run_for(1s);
  ASSERT_FALSE(cluster_.life().manager().actors().begin()->second->observed().known);
  cluster_.suspend("box", api::Depth::kFreeze);
  cluster_.run_for(500ms);
  cluster_.resume("box");
  cluster_.run_for(100ms);
  EXPECT_TRUE(cluster_.get("box").value(Json::json_pointer("/status/suspend"), Json()).is_null());
  settle();
  EXPECT_EQ(condition("box", "Ready"), "True");
  EXPECT_EQ(condition("box", "Suspended"), "False");
}

TEST_F(ApiSourceTest, IsToldAmongWritersWithoutEnd) {
  const std::string uid = ready("box");
  int writes = 0;
  // Somebody is always faster.
  cluster_.server().fault = [&](const kube::HttpRequest& request) {
    if (request.method == "PATCH" && ++writes < 30) {
      cluster_.patch("box", {{"metadata", {{"labels", {{"n", std::to_string(writes)}}}}}});
    }
    return kube::FakeHttpFault();
  };
  cluster_.suspend("box", api::Depth::kFreeze);
  cluster_.run_for(1min);
  EXPECT_THAT(writes, Gt(29));
  EXPECT_EQ(condition("box", "Suspended"), "True");
  EXPECT_THAT(cluster_.problems(), IsEmpty());
}

}  // namespace
}  // namespace sandboxlet::agent
