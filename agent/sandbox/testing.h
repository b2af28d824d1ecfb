#pragma once

#include <string>
#include <vector>

#include "agent/sandbox/plan.h"
#include "api/sandbox.h"

namespace sandboxlet::agent {

// A Sandbox and a world around it that tests change step by step: does what plan() says, at once
// and without fail, unless a test says otherwise.
struct TestWorld {
  api::Sandbox desired;
  Observed observed;
  Memory memory;
  Depths depths{api::Depth::kFreeze, api::Depth::kStop, api::Depth::kTerminate};
  DeepenAfter deepen_after;
  BackoffLimits limits;
  TimePoint now{std::chrono::hours(1)};
  WallTime wall{std::chrono::seconds(1'800'000'000)};
  std::optional<TimePoint> fence;

  // One container "main", nothing observed but that nothing is there.
  TestWorld();

  Situation situation() const {
    return {desired, observed, memory, depths, deepen_after, limits, now, wall, fence};
  }
  Plan plan() const { return agent::plan(situation()); }
  // The kinds and subjects of what plan() says: "RunPodSandbox", "StageVolume volume/data".
  std::vector<std::string> decided() const;
  // Does the plan over and over until it says nothing; answers all that was done.
  std::vector<std::string> converge();
  // Does one action as the executor would.
  void perform(const Action& action);
  void fail(const Action& action, Error error);
  void pass(Duration time) { now += time, wall += time; }
  // The newest container of that name ends.
  void exit(const std::string& name, int code);
  void suspend(const std::string& depth);
  void resume();
};

}  // namespace sandboxlet::agent
