#include "agent/sandbox/status.h"

#include <algorithm>

#include "agent/sandbox/container_status.h"
#include "agent/sandbox/goal.h"
#include "agent/sandbox/passing.h"
#include "agent/sandbox/phase.h"
#include "agent/sandbox/rest.h"
#include "api/conditions.h"
#include "api/time.h"

namespace sandboxlet::agent {

namespace {

using api::Condition;
using api::Depth;

struct Verdict {
  bool status;
  std::string reason;
  std::string message;
};

Condition condition(std::string type, const Situation& situation, Verdict verdict) {
  Condition condition;
  condition.type = std::move(type);
  condition.status = verdict.status ? "True" : "False";
  condition.observedGeneration = situation.desired.metadata.generation;
  condition.reason = std::move(verdict.reason);
  condition.message = std::move(verdict.message);
  return condition;
}

bool is_goal_suspension(Goal goal) {
  return goal == Goal::kFreeze || goal == Goal::kHibernate || goal == Goal::kStop ||
         goal == Goal::kTerminate;
}

// The pod's own failures: the agent's as upstream words its reconciler's.
const Failure* failure_besides_containers(const Memory& memory) {
  for (const auto& [subject, failure] : memory.failures) {
    if (!subject.starts_with("image/") && !subject.starts_with("container/")) return &failure;
  }
  return nullptr;
}

template <class Kind>
bool is_under_way(const Situation& situation) {
  const auto& under_way = situation.memory.under_way;
  return std::any_of(under_way.begin(), under_way.end(),
                     [](const auto& entry) { return std::holds_alternative<Kind>(entry.second); });
}

// Before a resume caught up with it.
bool is_freezing(const Situation& situation) { return is_under_way<Freeze>(situation); }
// Before a suspension caught up with it: its processes may run already, and what comes to them
// wakes nobody. On the way to a deeper one a thaw ends none.
bool is_thawing(const Situation& situation) {
  const Goal wanted = goal_of(situation);
  return (wanted == Goal::kFreeze || wanted == Goal::kHibernate) && is_under_way<Thaw>(situation);
}

bool all_running(const Situation& situation) {
  const auto& containers = situation.desired.spec.podTemplate.spec.containers;
  const ObservedPod* const pod = situation.observed.pod();
  return std::all_of(containers.begin(), containers.end(), [&](const api::Container& wanted) {
    const ObservedContainer* const container = situation.observed.container(wanted.name);
    return container != nullptr && container->state == ContainerState::kRunning &&
           !container->is_ending && container->pod_id == pod->id &&
           !situation.memory.stopped_by_us.contains(container->id);
  });
}

// Where a Service is asked for, or is there and nobody says that it should not be
// (agent-sandbox: computeReadyCondition).
Verdict with_service(Verdict pod, const Situation& situation, const std::string& service) {
  const bool is_there = !service.empty();
  if (!situation.desired.spec.service.value_or(is_there)) return pod;
  pod.message += is_there ? "; Service Exists" : "; Service does not exist";
  if (is_there || !pod.status) return pod;
  return {false, "DependenciesNotReady", std::move(pod.message)};
}

Verdict pod_ready(const Situation& situation, Phase phase) {
  if (phase == Phase::kNone) return {false, "DependenciesNotReady", "Pod does not exist"};
  if (phase == Phase::kPending)
    return {false, "DependenciesNotReady", "Pod exists with phase: Pending"};
  const ObservedPod& pod = *situation.observed.pod();
  if (!pod.ready || situation.observed.frozen || is_freezing(situation) || !all_running(situation))
    return {false, "DependenciesNotReady", "Pod is Running but not Ready"};
  if (pod.ips.empty()) return {false, "DependenciesNotReady", "Pod is Ready but has no podIPs yet"};
  return {true, "DependenciesReady", "Pod is Ready"};
}

Verdict ready(const Situation& situation, const std::string& service) {
  const Goal wanted = goal_of(situation);
  if (is_expired(situation.desired, situation.wall))
    return {false, "SandboxExpired", "Sandbox has expired"};
  if (is_goal_suspension(wanted)) {
    const bool reached = depth_reached(situation) != Depth::kRunning;
    return {false, "SandboxSuspended", reached ? "Sandbox is suspended" : "Sandbox is suspending"};
  }
  if (wanted == Goal::kFence) {
    return {false, "NodeUnreachable",
            "The node has lost its API server, and the Sandbox may be bound to another"};
  }
  if (wanted == Goal::kEvict) {
    return {false, "SandboxEvicted",
            "Sandbox is evicted from its node: " + situation.desired.status.eviction->message};
  }
  if (situation.memory.waits_for_memory) return {false, "DependenciesNotReady", kWaitsForMemory};
  const Phase phase = phase_of(situation.desired.spec.podTemplate.spec, situation.observed);
  if (phase == Phase::kSucceeded) return {false, "PodSucceeded", "Pod completed successfully"};
  if (phase == Phase::kFailed) return {false, "PodFailed", "Pod failed"};
  if (const Failure* const failure = failure_besides_containers(situation.memory))
    return {false, "ReconcilerError", "Error seen: " + failure->error.message()};
  return with_service(pod_ready(situation, phase), situation, service);
}

Verdict suspending(Goal goal) {
  switch (goal) {
    case Goal::kFreeze:
    case Goal::kHibernate:
      return {false, "Freezing", "Pod is being frozen. Sandbox is suspending"};
    case Goal::kStop:
      return {false, "ContainersStopping", "Containers are stopping. Sandbox is suspending"};
    default:
      return {false, "PodTerminating", "Pod is terminating. Sandbox is suspending"};
  }
}

Verdict suspended(const Situation& situation) {
  const Goal wanted = goal_of(situation);
  if (!is_goal_suspension(wanted)) {
    if (wanted == Goal::kRun && wants_suspension(situation.desired.spec))
      return {false, "DepthUnsupported", "This node cannot suspend a Sandbox to the asked depth"};
    return {false, "NotSuspended", "Sandbox is not suspended"};
  }
  switch (depth_reached(situation)) {
    case Depth::kRunning: {
      Verdict verdict = suspending(wanted);
      const Failure* const failure = failure_besides_containers(situation.memory);
      if (failure != nullptr) verdict.message += ". Error seen: " + failure->error.message();
      return verdict;
    }
    case Depth::kFreeze:
      return {true, "Frozen", "Pod is frozen. Sandbox is suspended"};
    case Depth::kHibernate:
      return {true, "Hibernated", "Pod is frozen and its memory given back. Sandbox is suspended"};
    case Depth::kStop:
      return {true, "Stopped", "Containers have been stopped. Sandbox is suspended"};
    case Depth::kTerminate:
      return {true, "PodTerminated", "Pod has been terminated. Sandbox is suspended"};
  }
  return suspending(wanted);
}

// Nothing of it is left but what it keeps, nor under way.
bool is_put_down(const Situation& situation) {
  const Observed& observed = situation.observed;
  return observed.known && observed.pods.empty() && observed.containers.empty() &&
         !observed.cgroup && !observed.volumes_staged && situation.memory.under_way.empty();
}

void set_evicted(const Situation& situation, api::SandboxStatus& status) {
  if (!status.eviction || !is_put_down(situation)) return;
  const Goal wanted = goal_of(situation);
  const bool stays_down =
      wanted == Goal::kEvict || wanted == Goal::kTerminate || wanted == Goal::kExpire;
  if (stays_down) status.evicted = status.eviction->since;
}

void set_suspend(const Situation& situation, const api::SandboxStatus& previous,
                 api::SandboxStatus& status) {
  const Depth depth =
      is_goal_suspension(goal_of(situation)) ? depth_reached(situation) : Depth::kRunning;
  if (depth == Depth::kRunning && !situation.memory.last_resume) {
    if (previous.suspend && previous.suspend->lastResume) {
      status.suspend.emplace().lastResume = previous.suspend->lastResume;
    }
    return;
  }
  auto& suspend = status.suspend.emplace();
  suspend.lastResume = situation.memory.last_resume;
  if (!suspend.lastResume && previous.suspend) suspend.lastResume = previous.suspend->lastResume;
  if (depth == Depth::kRunning) return;
  suspend.depth = to_string(depth);
  suspend.reason = rest_reason(situation);
  const bool was_suspended = previous.suspend && !previous.suspend->depth.empty();
  suspend.since = was_suspended ? previous.suspend->since : api::format_time(situation.wall);
}

}  // namespace

api::Depth depth_reached(const Situation& situation) {
  const Observed& observed = situation.observed;
  if (!observed.known || is_thawing(situation)) return Depth::kRunning;
  if (observed.frozen) return observed.hibernated ? Depth::kHibernate : Depth::kFreeze;
  for (const auto& [subject, action] : situation.memory.under_way) {
    if (starts_processes(action)) return Depth::kRunning;
  }
  if (observed.anything_runs()) return Depth::kRunning;
  if (observed.pods.empty()) {
    // A Terminate is done when what does not outlive the pod is gone as well.
    const bool gone = !observed.cgroup && !observed.volumes_staged;
    return gone || goal_of(situation) != Goal::kTerminate ? Depth::kTerminate : Depth::kRunning;
  }
  const bool more = goal_of(situation) == Goal::kTerminate ||
                    (goal_of(situation) == Goal::kStop && !observed.containers.empty());
  if (more) return Depth::kRunning;
  // Without its network it has not what a Stop keeps: the machine was started anew.
  return observed.pod()->ready ? Depth::kStop : Depth::kTerminate;
}

api::SandboxStatus status_of(const Situation& situation, const api::SandboxStatus& previous) {
  api::SandboxStatus status;
  status.nodeName = previous.nodeName;
  status.service = previous.service;
  status.eviction = situation.desired.status.eviction;
  status.conditions = previous.conditions;
  if (!situation.observed.known && !previous.conditions.empty()) {
    // Nothing new was read yet: what was last known is better than a guess.
    status = previous;
    return status;
  }
  const api::PodSpec& spec = situation.desired.spec.podTemplate.spec;
  const Phase phase = phase_of(spec, situation.observed);
  if (const ObservedPod* const pod = situation.observed.pod(); pod != nullptr && pod->ready) {
    status.podIPs = pod->ips;
  }
  for (const auto& container : spec.containers) {
    status.containers.push_back(container_status(situation, container));
  }
  set_suspend(situation, previous, status);
  set_evicted(situation, status);

  const api::Time now = api::format_time(situation.wall);
  auto& conditions = status.conditions;
  set_condition(conditions, condition("Ready", situation, ready(situation, status.service)), now);
  set_condition(conditions, condition("Suspended", situation, suspended(situation)), now);
  if (phase == Phase::kNone) {
    remove_condition(conditions, "PodScheduled");
  } else {
    set_condition(conditions, condition("PodScheduled", situation, {true, "PodScheduled", ""}),
                  now);
  }
  if (has_finished(spec, situation.observed, situation.memory)) {
    const bool well = phase == Phase::kSucceeded;
    set_condition(conditions,
                  condition("Finished", situation,
                            {true, well ? "PodSucceeded" : "PodFailed",
                             well ? "Pod completed successfully" : "Pod failed"}),
                  now);
  } else if (phase != Phase::kNone) {
    remove_condition(conditions, "Finished");
  }
  set_passing_conditions(situation, previous, status);
  return status;
}

}  // namespace sandboxlet::agent
