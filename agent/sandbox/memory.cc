#include "agent/sandbox/memory.h"

#include <algorithm>
#include <utility>

#include "agent/sandbox/phase.h"
#include "api/conditions.h"

namespace sandboxlet::agent {

namespace {

constexpr auto kAwayMax = std::chrono::seconds(2);

const Backoff& limits_of(const Action& action, const BackoffLimits& limits) {
  if (std::holds_alternative<EnsureImage>(action)) return limits.image;
  if (std::holds_alternative<RunContainer>(action)) return limits.crash;
  return limits.other;
}

void thawed(Memory& memory, const Observed& observed, TimePoint now) {
  if (!memory.frozen_since) return;
  for (auto& [name, crash] : memory.crashes) {
    const ObservedContainer* const last = observed.container(name);
    if (last == nullptr || last->state != ContainerState::kExited) continue;
    crash.frozen += now - *memory.frozen_since;
  }
  memory.frozen_since.reset();
}

void note_survivors(Memory& memory, const Observed& observed) {
  if (!std::exchange(memory.stop_survives, false)) return;
  for (const auto& container : observed.containers) {
    if (container.state == ContainerState::kExited) memory.stopped_by_us.insert(container.id);
  }
}

// What told of its sleep may have woken it before its death. Where what it would wake to is gone,
// as its machine was started anew or it came from another node, it begins anew like all that ran.
void note_woken(Rest& rest, const Observed& observed) {
  if (!std::exchange(rest.is_hearsay, false)) return;
  if (observed.frozen || !(observed.anything_runs() || rest.was_frozen)) return;
  rest.asleep = false;
  rest.pressed_to = api::Depth::kRunning;
}

}  // namespace

Memory memory_of(const api::SandboxStatus& status) {
  Memory memory;
  const auto* const suspended = api::find_condition(status.conditions, "Suspended");
  const bool was_suspending = suspended != nullptr && (suspended->reason == "ContainersStopping" ||
                                                       suspended->reason == "PodTerminating");
  memory.stop_survives =
      was_suspending || status.eviction || api::is_true(status.conditions, "Stopping");
  return memory;
}

bool has_finished(const api::PodSpec& spec, const Observed& observed, const Memory& memory) {
  const bool was_stopped = std::ranges::any_of(observed.containers, [&](const auto& container) {
    return memory.stopped_by_us.contains(container.id);
  });
  return !was_stopped && is_finished(phase_of(spec, observed));
}

void begin(Memory& memory, const Action& action, const Observed& observed,
           const BackoffLimits& limits, TimePoint now) {
  memory.under_way.insert_or_assign(subject_of(action), action);
  if (const auto* run = std::get_if<RunContainer>(&action)) {
    if (observed.container(run->name) == nullptr) return;
    auto [crash, fresh] = memory.crashes.try_emplace(run->name);
    if (crash->second.backoff.failures == 0) crash->second.backoff = limits.crash;
    crash->second.backoff.fail(now);
    crash->second.frozen = {};
  }
  if (const auto* stop = std::get_if<StopContainer>(&action)) {
    memory.stopped_by_us.insert(stop->id);
  }
  if (const auto* hasten = std::get_if<HastenStop>(&action)) {
    const auto slower = memory.under_way.find("container/" + hasten->name);
    if (slower != memory.under_way.end())
      std::get<StopContainer>(slower->second).grace = hasten->grace;
  }
}

void end_well(Memory& memory, const Action& action, const Observed& observed, TimePoint now) {
  const std::string subject = subject_of(action);
  memory.under_way.erase(subject);
  memory.failures.erase(subject);
  if (std::holds_alternative<Observe>(action)) {
    note_survivors(memory, observed);
    note_woken(memory.rest, observed);
  }
  if (std::holds_alternative<Freeze>(action)) memory.frozen_since = now;
  if (std::holds_alternative<Thaw>(action)) thawed(memory, observed, now);
  if (const auto* remove = std::get_if<RemoveContainer>(&action)) {
    memory.stopped_by_us.erase(remove->id);
  }
  if (std::holds_alternative<RemovePodSandbox>(action)) memory.crashes.clear();
}

void end_badly(Memory& memory, const Action& action, Error error, const BackoffLimits& limits,
               TimePoint now) {
  const std::string subject = subject_of(action);
  memory.under_way.erase(subject);
  const bool away = error.code() == Code::kUnavailable;
  auto [failure, fresh] = memory.failures.try_emplace(subject, Failure{Backoff(), error, ""});
  // Of this failure's kind: a runtime that comes back is met again soon, however long it was away.
  Backoff& backoff = failure->second.backoff;
  const Backoff& kind = away ? limits.other : limits_of(action, limits);
  const Duration max = away ? std::min<Duration>(kind.max, kAwayMax) : kind.max;
  if (backoff.initial != kind.initial || backoff.max != max) backoff = {kind.initial, max};
  backoff.fail(now);
  failure->second.error = std::move(error);
  failure->second.kind = kind_of(action);
}

}  // namespace sandboxlet::agent
