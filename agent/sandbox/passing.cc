#include "agent/sandbox/passing.h"

#include <algorithm>

#include "agent/sandbox/goal.h"
#include "api/conditions.h"
#include "api/scheduled.h"
#include "api/time.h"
#include "api/wake.h"

namespace sandboxlet::agent {

namespace {

using api::Condition;

bool has_processes(const Situation& situation) {
  const auto& under_way = situation.memory.under_way;
  return situation.observed.anything_runs() ||
         std::any_of(under_way.begin(), under_way.end(),
                     [](const auto& entry) { return starts_processes(entry.second); });
}

class Passages {
 public:
  Passages(const Situation& situation, const api::SandboxStatus& previous,
           api::SandboxStatus& status)
      : situation_(situation),
        previous_(previous),
        conditions_(status.conditions),
        now_(api::format_micro_time(situation.wall)) {}

  void begin(const char* type, std::string reason, std::string message) {
    set(type, "True", std::move(reason), std::move(message));
  }

  // Of what has begun; was: "Sandbox was stopping".
  void end(const char* type, std::string reason, const std::string& was) {
    const Condition* const before = api::find_condition(previous_.conditions, type);
    if (before == nullptr) return;
    if (before->status != "True") return set(type, "False", before->reason, before->message);
    set(type, "False", std::move(reason), was + " since " + before->lastTransitionTime);
  }

  void scheduled() {
    if (previous_.nodeName.empty()) return;
    const auto generation = situation_.desired.metadata.generation;
    api::set_condition(conditions_, api::scheduled(previous_.nodeName, generation), now_);
  }

 private:
  void set(const char* type, const char* status, std::string reason, std::string message) {
    Condition condition;
    condition.type = type;
    condition.status = status;
    condition.observedGeneration = situation_.desired.metadata.generation;
    condition.reason = std::move(reason);
    condition.message = std::move(message);
    api::set_condition(conditions_, std::move(condition), now_);
  }

  const Situation& situation_;
  const api::SandboxStatus& previous_;
  std::vector<Condition>& conditions_;
  const api::Time now_;
};

void set_stopping(const Situation& situation, Passages& passages) {
  constexpr char kType[] = "Stopping";
  constexpr char kWas[] = "Sandbox was stopping";
  if (!has_processes(situation)) return passages.end(kType, "ProcessesEnded", kWas);
  if (!situation.desired.metadata.deletionTimestamp.empty()) {
    return passages.begin(kType, "SandboxDeleted", "Sandbox is being deleted");
  }
  if (is_expired(situation.desired, situation.wall)) {
    return passages.begin(kType, "SandboxExpired", "Sandbox has expired");
  }
  const Goal wanted = goal_of(situation);
  const auto& eviction = situation.desired.status.eviction;
  if (eviction && (wanted == Goal::kEvict || wanted == Goal::kTerminate)) {
    return passages.begin(kType, "SandboxEvicted", eviction->message);
  }
  if (wanted == Goal::kStop || wanted == Goal::kTerminate) {
    return passages.begin(kType, "SandboxSuspended", "Sandbox is being suspended");
  }
  passages.end(kType, "TakenBack", kWas);
}

void set_resuming(const Situation& situation, const api::SandboxStatus& previous, bool is_ready,
                  Passages& passages) {
  constexpr char kType[] = "Resuming";
  const Condition* const ready = api::find_condition(previous.conditions, "Ready");
  const bool has_begun = (ready != nullptr && ready->reason == "SandboxSuspended") ||
                         api::is_true(previous.conditions, kType);
  const api::PodSpec& spec = situation.desired.spec.podTemplate.spec;
  const bool is_to_run =
      goal_of(situation) == Goal::kRun && !has_finished(spec, situation.observed, situation.memory);
  if (has_begun && is_to_run && !is_ready) {
    if (situation.memory.waits_for_memory) {
      return passages.begin(kType, "WaitingForMemory", kWaitsForMemory);
    }
    if (situation.observed.frozen) {
      return passages.begin(kType, api::kThawing, "Sandbox is resuming: its pod is being thawed");
    }
    return passages.begin(kType, "SandboxResuming", "Sandbox is resuming");
  }
  passages.end(kType, is_ready ? "SandboxResumed" : "TakenBack", "Sandbox was resuming");
}

}  // namespace

void set_passing_conditions(const Situation& situation, const api::SandboxStatus& previous,
                            api::SandboxStatus& status) {
  const bool is_ready = api::is_true(status.conditions, "Ready");
  Passages passages(situation, previous, status);
  passages.scheduled();
  set_stopping(situation, passages);
  set_resuming(situation, previous, is_ready, passages);
}

}  // namespace sandboxlet::agent
