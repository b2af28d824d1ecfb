#include "agent/sandbox/plan.h"

#include <algorithm>
#include <set>

#include "agent/sandbox/goal.h"
#include "agent/sandbox/phase.h"
#include "agent/sandbox/rest.h"
#include "api/time.h"

namespace sandboxlet::agent {

namespace {

constexpr auto kDefaultGrace = std::chrono::seconds(30);

bool freezes(const Action& action) { return std::holds_alternative<Freeze>(action); }

// What runs on beside the processes, and changes nothing that is observed.
bool leaves_alone_what_is_observed(const Action& action) {
  return std::holds_alternative<EnsureImage>(action) ||
         std::holds_alternative<StageVolume>(action) ||
         std::holds_alternative<WatchTraffic>(action) || std::holds_alternative<Hibernate>(action);
}

// Takes away what a pod stands on.
bool takes_away(const Action& action) {
  return std::holds_alternative<UnstageVolumes>(action) ||
         std::holds_alternative<RemoveVolumes>(action) ||
         std::holds_alternative<RemoveCgroup>(action);
}

class Planner {
 public:
  explicit Planner(const Situation& situation)
      : desired_(situation.desired),
        spec_(situation.desired.spec.podTemplate.spec),
        observed_(situation.observed),
        memory_(situation.memory),
        situation_(situation) {}

  Plan make();

 private:
  void hasten_stops();
  void run();
  bool remove_stopped_by_us();
  void stop_or_remove(const ObservedContainer& container);
  void stop_what_is_named_no_more();
  void run_pod();
  void run_container(const api::Container& container);
  void prepare_container(const api::Container& container, uint32_t attempt);
  void remove_old_pods();
  void remove_dead_containers(const ObservedContainer& last);
  void freeze();
  void hibernate();
  void fence();
  void stop_containers();
  void terminate();
  void tear_down();

  void start(Action action);
  bool is_busy(const std::string& subject) const;
  bool is_under_way(bool (*kind)(const Action&)) const;
  bool blocks_observing() const;
  void look_again(TimePoint when);
  void settle_failures();
  bool volumes_ready(const api::Container& container) const;
  Duration grace() const;

  const api::Sandbox& desired_;
  const api::PodSpec& spec_;
  const Observed& observed_;
  const Memory& memory_;
  const Situation& situation_;
  Plan plan_;
  // What plan_ starts, what it would start but for what is under way or held back.
  std::set<std::string> wanted_;
};

bool Planner::is_busy(const std::string& subject) const {
  return memory_.under_way.contains(subject) ||
         std::any_of(plan_.actions.begin(), plan_.actions.end(),
                     [&](const Action& begun) { return subject_of(begun) == subject; });
}

// Starts the action unless its subject is busy or held back by a failure.
void Planner::start(Action action) {
  const std::string subject = subject_of(action);
  wanted_.insert(subject);
  if (is_busy(subject)) return;
  // A thaw ends the watch, which must have begun then.
  if (thaws(action) && is_busy("traffic")) return;
  // Neither meets the other (suspend.md, trap 2).
  if (awaits_processes(action) && is_under_way(freezes)) return;
  const auto failure = memory_.failures.find(subject);
  // What could not be frozen or thawed can be killed at once.
  const bool is_last_resort = std::holds_alternative<KillAll>(action);
  if (failure != memory_.failures.end() &&
      (!is_last_resort || failure->second.kind == kind_of(action))) {
    const Backoff& backoff = failure->second.backoff;
    if (!backoff.ready(situation_.now)) return look_again(backoff.next_try());
  }
  plan_.actions.push_back(std::move(action));
}

void Planner::look_again(TimePoint when) {
  if (!plan_.look_again || when < *plan_.look_again) plan_.look_again = when;
}

bool Planner::is_under_way(bool (*kind)(const Action&)) const {
  return std::any_of(memory_.under_way.begin(), memory_.under_way.end(),
                     [kind](const auto& entry) { return kind(entry.second); });
}

// Observing beside what changes the same things would bring back the past.
bool Planner::blocks_observing() const {
  return std::any_of(memory_.under_way.begin(), memory_.under_way.end(), [](const auto& entry) {
    return !leaves_alone_what_is_observed(entry.second);
  });
}

Duration Planner::grace() const {
  if (!desired_.metadata.deletionTimestamp.empty() && desired_.metadata.deletionGracePeriodSeconds)
    return std::chrono::seconds(*desired_.metadata.deletionGracePeriodSeconds);
  if (spec_.terminationGracePeriodSeconds)
    return std::chrono::seconds(*spec_.terminationGracePeriodSeconds);
  return kDefaultGrace;
}

Plan Planner::make() {
  hasten_stops();
  if (!observed_.known) {
    if (!blocks_observing()) start(Observe{});
    return std::move(plan_);
  }
  if (is_busy("sandbox")) return std::move(plan_);
  const auto& shutdown = desired_.spec.shutdownTime;
  if (const auto end = api::parse_time(shutdown); end && *end > situation_.wall) {
    look_again(situation_.now + (*end - situation_.wall));
  }
  if (const auto deeper = deepens_at(situation_)) look_again(*deeper);
  switch (goal_of(situation_)) {
    case Goal::kRun:
      run();
      break;
    case Goal::kFence:
      fence();
      break;
    case Goal::kFreeze:
      freeze();
      break;
    case Goal::kHibernate:
      hibernate();
      break;
    case Goal::kStop:
      stop_containers();
      break;
    case Goal::kTerminate:
    case Goal::kEvict:
    case Goal::kExpire:
      terminate();
      break;
    case Goal::kDelete:
      tear_down();
      break;
  }
  settle_failures();
  return std::move(plan_);
}

// A second word may shorten the grace of a stop that is under way (kubelet: a pod's deletion
// cancels a slower kill).
void Planner::hasten_stops() {
  for (const auto& [subject, action] : memory_.under_way) {
    const auto* const slower = std::get_if<StopContainer>(&action);
    if (slower == nullptr || grace() >= slower->grace) continue;
    start(HastenStop{slower->name, slower->id, grace()});
  }
}

void Planner::settle_failures() {
  for (const auto& [subject, failure] : memory_.failures) {
    if (!wanted_.contains(subject) && !is_busy(subject)) plan_.settled.push_back(subject);
  }
}

// ---- Running

void Planner::run() {
  // A resume that came while a Terminate was under way.
  if (is_under_way(takes_away)) return;
  if (observed_.frozen) return start(Thaw{});
  if (remove_stopped_by_us()) return;
  if (is_finished(phase_of(spec_, observed_))) {
    // What has ended keeps its containers for their logs, but no address and no pause process.
    if (const ObservedPod* const pod = observed_.pod(); pod->ready) start(StopPodSandbox{pod->id});
    return;
  }
  if (!observed_.cgroup) start(CreateCgroup{});
  for (const auto& volume : spec_.volumes) {
    if (!observed_.volumes.contains(volume.name)) start(StageVolume{volume.name});
  }
  for (const auto& claim : desired_.spec.volumeClaimTemplates) {
    if (!observed_.volumes.contains(claim.metadata.name)) start(StageVolume{claim.metadata.name});
  }
  run_pod();
  for (const auto& container : spec_.containers) run_container(container);
  stop_what_is_named_no_more();
  remove_old_pods();
}

// A resume that came while a Stop was under way: what was stopped is no crash and no end.
bool Planner::remove_stopped_by_us() {
  bool any = false;
  for (const auto& container : observed_.containers) {
    if (!memory_.stopped_by_us.contains(container.id)) continue;
    any = true;
    if (container.state == ContainerState::kExited) {
      start(RemoveContainer{container.name, container.id});
    } else {
      start(StopContainer{container.name, container.id, grace()});
    }
  }
  return any;
}

// A template that was changed names other containers.
void Planner::stop_what_is_named_no_more() {
  for (const auto& container : observed_.containers) {
    const auto is_it = [&](const api::Container& named) { return named.name == container.name; };
    if (std::any_of(spec_.containers.begin(), spec_.containers.end(), is_it)) continue;
    stop_or_remove(container);
  }
}

void Planner::run_pod() {
  const ObservedPod* const pod = observed_.pod();
  if (pod != nullptr && pod->ready) return;
  if (pod != nullptr && !pod->stopped) return start(StopPodSandbox{pod->id});
  if (observed_.cgroup) start(RunPodSandbox{pod == nullptr ? 0 : pod->attempt + 1});
}

void Planner::run_container(const api::Container& container) {
  const ObservedPod* const pod = observed_.pod();
  const ObservedContainer* const last = observed_.container(container.name);
  const bool in_this_pod = pod != nullptr && last != nullptr && last->pod_id == pod->id;
  if (last != nullptr) {
    switch (last->state) {
      case ContainerState::kRunning:
        if (in_this_pod) remove_dead_containers(*last);
        return;
      case ContainerState::kUnknown:
        return start(StopContainer{last->name, last->id, grace()});
      case ContainerState::kCreated:
        return start(RemoveContainer{last->name, last->id});
      case ContainerState::kExited:
        break;
    }
    remove_dead_containers(*last);
    if (!restarts(spec_, *last)) return;
  }
  // Also while it is held back, or waits for its image, pod and volumes.
  wanted_.insert(subject_of(RunContainer{container.name}));
  if (in_this_pod) {
    if (const auto until = held_back_until(situation_, *last)) return look_again(*until);
  }
  const auto next = observed_.next_attempt.find(container.name);
  const uint32_t attempt = next == observed_.next_attempt.end() ? 0 : next->second;
  prepare_container(container, attempt);
}

void Planner::prepare_container(const api::Container& container, uint32_t attempt) {
  const auto image = observed_.images.find(container.name);
  if (image == observed_.images.end() || image->second.attempt != attempt) {
    return start(EnsureImage{container.name, attempt});
  }
  const ObservedPod* const pod = observed_.pod();
  if (pod == nullptr || !pod->ready || is_busy("pod") || !volumes_ready(container)) return;
  const ObservedContainer* const last = observed_.container(container.name);
  start(RunContainer{container.name, attempt, last == nullptr ? 0 : last->restart_count + 1});
}

bool Planner::volumes_ready(const api::Container& container) const {
  return std::all_of(
      container.volumeMounts.begin(), container.volumeMounts.end(),
      [this](const api::VolumeMount& mount) { return observed_.volumes.contains(mount.name); });
}

// Pods of before are kept until their containers' successors know how often those were restarted.
void Planner::remove_old_pods() {
  const ObservedPod* const pod = observed_.pod();
  if (pod == nullptr || !pod->ready || observed_.pods.size() < 2) return;
  for (const auto& container : spec_.containers) {
    const ObservedContainer* const last = observed_.container(container.name);
    if (last != nullptr && last->pod_id != pod->id && restarts(spec_, *last)) return;
  }
  start(RemovePodSandbox{observed_.pods.front().id});
}

// One that ended is kept for logs --previous, which is the last itself where that has ended
// (kubelet: maxPerPodContainer 1). One that never ran has no log, and may hold a process that waits
// for its start for ever: its start was cut off by the agent's death.
void Planner::remove_dead_containers(const ObservedContainer& last) {
  const size_t kept = last.state == ContainerState::kRunning ? 1 : 0;
  std::vector<const ObservedContainer*> dead;
  for (const auto& other : observed_.containers) {
    const bool is_dead =
        other.name == last.name && other.id != last.id && other.state != ContainerState::kRunning;
    if (!is_dead) continue;
    if (other.started == WallTime{}) return start(RemoveContainer{other.name, other.id});
    dead.push_back(&other);
  }
  if (dead.size() <= kept) return;
  const auto oldest = std::min_element(dead.begin(), dead.end(), [](const auto* a, const auto* b) {
    return a->attempt < b->attempt;
  });
  start(RemoveContainer{(*oldest)->name, (*oldest)->id});
}

// ---- Suspending

void Planner::freeze() {
  if (!observed_.frozen && (!observed_.cgroup || !observed_.anything_runs())) return;
  if (!observed_.frozen && is_under_way(awaits_processes)) return;
  const bool wakes = wakes_on_traffic(situation_);
  if (!observed_.frozen) return start(Freeze{.watches_traffic = wakes});
  if (wakes && !observed_.watches_traffic) start(WatchTraffic{});
}

void Planner::hibernate() {
  freeze();
  if (!observed_.frozen || observed_.hibernated) return;
  start(Hibernate{});
}

void Planner::fence() {
  if (observed_.frozen || !observed_.anything_runs()) return;
  if (situation_.now >= *situation_.fence) return start(KillAll{});
  look_again(*situation_.fence);
  freeze();
}

void Planner::stop_containers() {
  // One that is bound to another node must not run here, be it to its end.
  if (observed_.frozen && situation_.fence) return start(KillAll{});
  if (observed_.frozen) return start(Thaw{});
  for (const auto& container : observed_.containers) stop_or_remove(container);
}

void Planner::stop_or_remove(const ObservedContainer& container) {
  if (container.state == ContainerState::kRunning || container.state == ContainerState::kUnknown) {
    start(StopContainer{container.name, container.id, grace()});
  } else {
    start(RemoveContainer{container.name, container.id});
  }
}

void Planner::terminate() {
  stop_containers();
  if (!observed_.containers.empty() || observed_.frozen || is_under_way(starts_processes)) return;
  for (const auto& pod : observed_.pods) start(RemovePodSandbox{pod.id});
  if (!observed_.pods.empty() || is_busy("pod")) return;
  if (observed_.volumes_staged) start(UnstageVolumes{});
  if (observed_.cgroup) start(RemoveCgroup{});
}

// ---- Deleting

void Planner::tear_down() {
  // A frozen task does not hear TERM, and thawing it first would let it run on.
  if (observed_.frozen) return start(KillAll{});
  terminate();
  if (!observed_.pods.empty() || observed_.cgroup || observed_.volumes_staged) return;
  if (!memory_.under_way.empty()) return;
  if (observed_.data_on_disk) start(RemoveVolumes{});
  if (observed_.logs) start(RemoveLogs{});
  if (!observed_.data_on_disk && !observed_.logs) start(Forget{});
}

}  // namespace

std::optional<TimePoint> held_back_until(const Situation& situation,
                                         const ObservedContainer& ended) {
  const auto found = situation.memory.crashes.find(ended.name);
  if (found == situation.memory.crashes.end()) return std::nullopt;
  const auto& [backoff, frozen] = found->second;
  const TimePoint end = situation.now - (situation.wall - ended.finished);
  // One that ran well for long enough starts with a clean slate.
  if (backoff.failures == 0 || end - backoff.last > 2 * backoff.max) return std::nullopt;
  const TimePoint until = end + backoff.delay + frozen;
  if (situation.now >= until) return std::nullopt;
  return until;
}

Plan plan(const Situation& situation) { return Planner(situation).make(); }

}  // namespace sandboxlet::agent
