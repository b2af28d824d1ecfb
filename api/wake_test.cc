#include "api/wake.h"

#include <gtest/gtest.h>

namespace sandboxlet::api {
namespace {

constexpr std::optional<bool> kUnset;

SandboxSpec spec(bool by_user, std::optional<bool> wakes) {
  SandboxSpec spec;
  spec.operatingMode = by_user ? "Suspended" : "Running";
  if (wakes) spec.suspend.emplace().wakeOnTraffic = wakes;
  return spec;
}

// Suspended, as its agent tells.
Sandbox asleep(bool by_user, std::optional<bool> wakes, const std::string& depth,
               const std::string& reason) {
  Sandbox sandbox;
  sandbox.spec = spec(by_user, wakes);
  sandbox.status.suspend = {depth, reason, "", std::nullopt};
  sandbox.status.conditions.resize(2);
  sandbox.status.conditions[0].type = "Ready";
  sandbox.status.conditions[0].status = "False";
  sandbox.status.conditions[0].reason = "SandboxSuspended";
  sandbox.status.conditions[1].type = "Suspended";
  sandbox.status.conditions[1].status = "True";
  return sandbox;
}

TEST(Wake, WhatTheUserSuspendedWakesWhereItsSpecSaysSoAndWhatSleepsUnlessItSaysNo) {
  EXPECT_FALSE(wakes_on_traffic(spec(true, kUnset)));
  EXPECT_FALSE(wakes_on_traffic(spec(true, false)));
  EXPECT_TRUE(wakes_on_traffic(spec(true, true)));
  EXPECT_TRUE(wakes_on_traffic(spec(false, kUnset)));
  EXPECT_FALSE(wakes_on_traffic(spec(false, false)));
  EXPECT_TRUE(wakes_on_traffic(spec(false, true)));
}

TEST(Wake, PauseIsTheUsersWordToo) {
  SandboxSpec paused;
  paused.pause = true;
  EXPECT_FALSE(wakes_on_traffic(paused));
}

TEST(Wake, WhatSleepsTakesTrafficWhereThatWakesIt) {
  struct Case {
    const char* what;
    bool by_user;
    std::optional<bool> wakes;
    const char* depth;
    const char* reason;
    bool takes;
  };
  const Case cases[] = {
      {"without work", false, kUnset, "Freeze", "Idle", true},
      {"its memory given back", false, kUnset, "Hibernate", "Idle", true},
      {"and for memory", false, kUnset, "Hibernate", "Pressure", true},
      {"which is not to wake", false, false, "Freeze", "Idle", false},
      {"whose processes are gone", false, kUnset, "Stop", "Idle", false},
      {"whose pod is gone", false, true, "Terminate", "Pressure", false},
      {"paused", true, kUnset, "Freeze", "User", false},
      {"paused and to wake", true, true, "Freeze", "User", true},
      {"paused, to wake and pressed", true, true, "Hibernate", "Pressure", true},
      {"paused while it slept", true, kUnset, "Freeze", "Idle", false},
      {"paused and resumed just now", false, kUnset, "Freeze", "User", false},
      {"at no depth", false, kUnset, "", "", false},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(takes_traffic(asleep(one.by_user, one.wakes, one.depth, one.reason)), one.takes)
        << one.what;
  }
}

TEST(Wake, WhatIsReadyTakesTrafficAndWhatIsNotYetSuspendedDoesNot) {
  Sandbox sandbox;
  EXPECT_FALSE(takes_traffic(sandbox));
  sandbox = asleep(false, kUnset, "", "");
  sandbox.status.conditions[1].status = "False";
  sandbox.status.conditions[1].reason = "ContainersStopping";
  EXPECT_FALSE(takes_traffic(sandbox));
  sandbox.status.conditions[0].status = "True";
  EXPECT_TRUE(takes_traffic(sandbox));
}

TEST(Wake, TheWayToSleepAndBackTakesTraffic) {
  Sandbox sandbox = asleep(false, kUnset, "", "");
  sandbox.status.suspend.reset();
  sandbox.status.conditions[1].status = "False";
  sandbox.status.conditions[1].reason = "Freezing";
  EXPECT_TRUE(takes_traffic(sandbox));
  sandbox.spec.pause = true;
  EXPECT_FALSE(takes_traffic(sandbox)) << "it is not to wake";
  sandbox.status.conditions[0].reason = "DependenciesNotReady";
  EXPECT_FALSE(takes_traffic(sandbox));
  Condition& resuming = sandbox.status.conditions.emplace_back();
  resuming.type = "Resuming";
  resuming.status = "True";
  resuming.reason = "SandboxResuming";
  EXPECT_FALSE(takes_traffic(sandbox));
  resuming.reason = kThawing;
  EXPECT_TRUE(takes_traffic(sandbox));
  sandbox.status.conditions[0].reason = "NodeUnreachable";
  EXPECT_FALSE(takes_traffic(sandbox));
}

TEST(Wake, ASleeperOfALostNodeTakesNone) {
  Sandbox sandbox = asleep(false, kUnset, "Freeze", "Idle");
  sandbox.status.conditions[0].reason = "NodeUnreachable";
  EXPECT_FALSE(takes_traffic(sandbox));
}

TEST(Wake, WhatAnotherTellsOfWithoutADepthTakesNone) {
  Sandbox sandbox = asleep(false, kUnset, "Freeze", "Idle");
  sandbox.status.suspend.reset();
  EXPECT_FALSE(takes_traffic(sandbox));
}

}  // namespace
}  // namespace sandboxlet::api
