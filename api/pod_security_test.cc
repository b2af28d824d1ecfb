#include "api/pod_security.h"

#include <gtest/gtest.h>

#include <map>

#include "api/testing/pod_security_cases.h"

namespace sandboxlet::api {
namespace {

using Json = nlohmann::json;
using enum PodSecurityLevel;

std::string violation(PodSecurityLevel level, const Json& spec) {
  return pod_security_violation(level, {{"spec", spec}});
}

std::string restricted_after(const char* change) {
  Json spec = restricted_pod();
  spec.merge_patch(Json::parse(change));
  return violation(kRestricted, spec);
}

TEST(PodSecurity, EachLevelTakesWhatItShould) {
  for (const auto& one : pod_security_cases()) {
    for (const auto level : {kPrivileged, kBaseline, kRestricted}) {
      EXPECT_EQ(violation(level, one.spec).empty(), level <= one.taken)
          << one.spec << violation(level, one.spec);
    }
  }
}

TEST(PodSecurity, TheCasesAskEachLevelOften) {
  std::map<PodSecurityLevel, int> taken;
  for (const auto& one : pod_security_cases()) ++taken[one.taken];
  for (const auto level : {kPrivileged, kBaseline, kRestricted}) EXPECT_GE(taken[level], 20);
}

TEST(PodSecurity, IsToldInUpstreamsWords) {
  EXPECT_EQ(restricted_after(R"({"hostPID": true, "securityContext": {"runAsUser": 0}})"),
            R"(violates PodSecurity "restricted:latest": host namespaces (hostPID=true), )"
            "runAsUser=0 (pod must not set runAsUser=0)");
  EXPECT_EQ(restricted_after(R"({"containers": [{"name": "b"}, {"name": "a"}]})"),
            R"(violates PodSecurity "restricted:latest": )"
            R"(allowPrivilegeEscalation != false (containers "b", "a" must set )"
            R"(securityContext.allowPrivilegeEscalation=false), )"
            R"(unrestricted capabilities (containers "b", "a" must set )"
            R"(securityContext.capabilities.drop=["ALL"]))");
}

TEST(PodSecurity, AppArmorsOldAnnotationsCount) {
  const auto with = [](const char* profile) {
    const std::string key = "container.apparmor.security.beta.kubernetes.io/main";
    const Json annotations = {{key, profile}, {"other", "unconfined"}};
    return pod_security_violation(
        kBaseline, {{"metadata", {{"annotations", annotations}}}, {"spec", restricted_pod()}});
  };
  EXPECT_EQ(with("runtime/default"), "");
  EXPECT_EQ(with("localhost/agent"), "");
  EXPECT_EQ(with("unconfined"),
            R"(violates PodSecurity "baseline:latest": forbidden AppArmor profile (annotation )"
            R"(must not set AppArmor profile type to )"
            R"("container.apparmor.security.beta.kubernetes.io/main="unconfined""))");
}

TEST(PodSecurity, ALabelThatIsNoLevelIsTheStrictest) {
  EXPECT_EQ(pod_security_level(""), kPrivileged);
  EXPECT_EQ(pod_security_level("privileged"), kPrivileged);
  EXPECT_EQ(pod_security_level("baseline"), kBaseline);
  EXPECT_EQ(pod_security_level("restricted"), kRestricted);
  EXPECT_EQ(pod_security_level("Baseline"), kRestricted);
}

TEST(PodSecurity, WhatIsNoPodIsLookedAtAllTheSame) {
  for (const char* text : {"null", "[]", R"({"spec": []})", R"({"spec": {"containers": "a"}})",
                           R"({"metadata": {"annotations": [1]}, "spec": {"volumes": [1]}})"}) {
    static_cast<void>(pod_security_violation(kRestricted, Json::parse(text)));
  }
}

}  // namespace
}  // namespace sandboxlet::api
