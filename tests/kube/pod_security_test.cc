#include "api/pod_security.h"

#include <gmock/gmock.h>

#include "api/testing/pod_security_cases.h"
#include "tests/kube/manifests_test.h"
#include "tests/rig/eventually.h"

namespace sandboxlet::test {
namespace {

using api::restricted_pod;
using nlohmann::json;
using testing::HasSubstr;

constexpr char kViolates[] = "violates PodSecurity";

// Namespaces that are labelled for a level, beside all that ships.
class PodSecurityTest : public ManifestsTest {
 protected:
  void SetUp() override {
    ManifestsTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    static const bool made = [] {
      for (const std::string level : {"baseline", "restricted"})
        make_namespace(level, "enforce", level);
      // Policies take a moment to hold.
      const json wrong = {{"hostPID", true}, {"containers", restricted_pod()["containers"]}};
      return eventually([&] {
        return refused(create_sandbox("baseline", wrong)) &&
               refused(create_sandbox("restricted", {{"containers", wrong["containers"]}}));
      });
    }();
    ASSERT_TRUE(made);
  }

  static void make_namespace(const std::string& name, const std::string& mode,
                             const std::string& level) {
    const json labels = {{"pod-security.kubernetes.io/" + mode, level}};
    const json object = {{"metadata", {{"name", name}, {"labels", labels}}}};
    ask("POST", "/api/v1/namespaces", object.dump());
    // Without it no Pod is taken there.
    const std::string account = "/api/v1/namespaces/" + name + "/serviceaccounts/default";
    ASSERT_TRUE(eventually([&] { return api().request("GET", account).has_value(); }));
  }

  // What the server would say of it; nothing where it would take it.
  static std::string dry_run(const std::string& path, const json& object) {
    auto taken = api().request("POST", path + "?dryRun=All", object.dump());
    return taken.has_value() ? "" : taken.error().message();
  }
  static std::string create_pod(const std::string& space, const json& spec,
                                const json& annotations = json::object()) {
    return dry_run("/api/v1/namespaces/" + space + "/pods",
                   {{"metadata", {{"name", "one"}, {"annotations", annotations}}}, {"spec", spec}});
  }
  static json sandbox(const json& spec, const json& annotations = json::object()) {
    return {{"apiVersion", "agents.x-k8s.io/v1beta1"},
            {"kind", "Sandbox"},
            {"metadata", {{"name", "one"}}},
            {"spec",
             {{"podTemplate", {{"metadata", {{"annotations", annotations}}}, {"spec", spec}}}}}};
  }
  static std::string sandboxes(const std::string& space) {
    return "/apis/agents.x-k8s.io/v1beta1/namespaces/" + space + "/sandboxes";
  }
  static std::string create_sandbox(const std::string& space, const json& spec,
                                    const json& annotations = json::object()) {
    return dry_run(sandboxes(space), sandbox(spec, annotations));
  }

  static bool refused(const std::string& answer) {
    return answer.find(kViolates) != std::string::npos;
  }
  static void expect_same_verdict(const std::string& level, const json& spec,
                                  const json& annotations = json::object()) {
    const auto of_pod = create_pod(level, spec, annotations);
    const auto of_sandbox = create_sandbox(level, spec, annotations);
    EXPECT_TRUE(of_pod.empty() || refused(of_pod)) << of_pod << "\n" << spec;
    EXPECT_EQ(refused(of_pod), !of_sandbox.empty()) << level << ": " << spec << annotations << "\n"
                                                    << of_pod << "\n"
                                                    << of_sandbox;
  }
};

TEST_F(PodSecurityTest, ASandboxIsRefusedWhereItsPodWouldBe) {
  for (const auto& one : api::pod_security_cases()) {
    for (const std::string level : {"baseline", "restricted"}) {
      expect_same_verdict(level, one.spec);
    }
  }
}

TEST_F(PodSecurityTest, AnAgentRefusesWhatTheServerDoesInTheSameWords) {
  for (const auto& one : api::pod_security_cases()) {
    for (const std::string level : {"baseline", "restricted"}) {
      const auto told =
          api::pod_security_violation(api::pod_security_level(level), {{"spec", one.spec}});
      const std::string answer = create_pod(level, one.spec);
      EXPECT_EQ(answer.empty(), told.empty()) << told << answer << one.spec;
      // It ends the message, a string in the answer's JSON.
      EXPECT_THAT(answer, HasSubstr(told.empty() ? "" : json(": " + told).dump().substr(1)));
    }
  }
}

TEST_F(PodSecurityTest, AppArmorsOldAnnotationsAreHeldAsThePods) {
  const std::string key = "container.apparmor.security.beta.kubernetes.io/main";
  for (const std::string profile : {"runtime/default", "localhost/agent", "unconfined"}) {
    expect_same_verdict("baseline", restricted_pod(), {{key, profile}});
  }
}

TEST_F(PodSecurityTest, EachLevelRefusesSomething) {
  EXPECT_EQ(create_sandbox("restricted", restricted_pod()), "");
  json pod = restricted_pod();
  pod["hostPID"] = true;
  EXPECT_THAT(create_sandbox("baseline", pod), HasSubstr(R"(violates PodSecurity \"baseline\")"));
  pod = restricted_pod();
  pod["securityContext"]["runAsUser"] = 0;
  EXPECT_EQ(create_sandbox("baseline", pod), "");
  EXPECT_THAT(create_sandbox("restricted", pod),
              HasSubstr(R"(violates PodSecurity \"restricted\": securityContext.runAsUser)"));
}

TEST_F(PodSecurityTest, WhatNoPodMaySayAtAllIsRefusedHereToo) {
  const auto with = [](const char* context) {
    json pod = restricted_pod();
    pod["containers"][0]["securityContext"].merge_patch(json::parse(context));
    return pod;
  };
  // A Pod's validation wants hostUsers false here, and a Windows node there.
  EXPECT_TRUE(refused(create_sandbox("baseline", with(R"({"procMount": "Unmasked"})"))));
  EXPECT_TRUE(
      refused(create_sandbox("baseline", with(R"({"windowsOptions": {"hostProcess": true}})"))));
}

TEST_F(PodSecurityTest, AWarningIsOne) {
  make_namespace("warned", "warn", "restricted");
  const std::string manifest =
      std::string(SANDBOXLET_SOURCE_DIR) + "/tests/kube/testdata/sandboxes/minimal.yaml";
  std::string told;
  EXPECT_TRUE(eventually([&] {
    auto created = api().kubectl({"create", "--dry-run=server", "--warnings-as-errors",
                                  "--namespace=warned", "--filename=" + manifest});
    told = created.has_value() ? "" : created.error().message();
    return refused(told);
  })) << told;
  EXPECT_THAT(told, HasSubstr("Warning: "));
  EXPECT_THAT(told, testing::Not(HasSubstr("denied")));
}

TEST_F(PodSecurityTest, WhatIsThereAlreadyIsSuspendedAndResumedAllTheSame) {
  make_namespace("tightened", "warn", "privileged");
  json pod = restricted_pod();
  pod["hostPID"] = true;
  ask("POST", sandboxes("tightened"), sandbox(pod).dump());
  const json labels = {{"pod-security.kubernetes.io/enforce", "baseline"}};
  ask("PATCH", "/api/v1/namespaces/tightened", json{{"metadata", {{"labels", labels}}}}.dump(),
      "application/merge-patch+json");
  ASSERT_TRUE(eventually([&] { return refused(create_sandbox("tightened", pod)); }));
  const auto change = [](const json& spec) {
    auto changed = api().request("PATCH", sandboxes("tightened") + "/one",
                                 json{{"spec", spec}}.dump(), "application/merge-patch+json");
    return changed.has_value() ? "" : changed.error().message();
  };
  EXPECT_EQ(change({{"operatingMode", "Suspended"}}), "");
  EXPECT_TRUE(refused(change({{"podTemplate", {{"spec", {{"hostIPC", true}}}}}})));
}

}  // namespace
}  // namespace sandboxlet::test
