#include "agent/sandbox/rest.h"

#include <algorithm>

#include "api/conditions.h"
#include "api/time.h"
#include "api/wake.h"

namespace sandboxlet::agent {

namespace {

const api::SuspendStatus* told(const api::Sandbox& sandbox) {
  const auto& suspend = sandbox.status.suspend;
  return suspend && !suspend->depth.empty() ? &*suspend : nullptr;
}

Descent descent_of(const Situation& situation) {
  const api::SandboxSpec& spec = situation.desired.spec;
  Descent descent;
  descent.wanted = api::asked_depth(spec);
  if (spec.suspend && !spec.suspend->deepest.empty()) {
    descent.deepest = api::parse_depth(spec.suspend->deepest);
  }
  descent.pressed_to = situation.memory.rest.pressed_to;
  return descent;
}

// Since it was suspended, as status tells it; a clock that was set back makes it no shorter.
Duration suspended_for(const Situation& situation) {
  const auto* const suspend = told(situation.desired);
  if (suspend == nullptr) return {};
  const auto since = api::parse_time(suspend->since);
  if (!since) return {};
  return std::max<Duration>(situation.wall - *since, {});
}

}  // namespace

bool wants_rest(const api::SandboxSpec& spec, const Rest& rest) {
  return api::wants_suspension(spec) || rest.asleep;
}

api::Depth rest_depth(const Situation& situation) {
  if (!wants_rest(situation.desired.spec, situation.memory.rest)) return api::Depth::kRunning;
  const Descent descent = descent_of(situation);
  const api::Depth depth = deepened(descent, suspended_for(situation), situation.deepen_after);
  return depth_to_be_at(depth, situation.depths);
}

std::string rest_reason(const Situation& situation) {
  const Rest& rest = situation.memory.rest;
  if (rest.pressed_to > api::asked_depth(situation.desired.spec)) return "Pressure";
  return api::wants_suspension(situation.desired.spec) ? "User" : "Idle";
}

std::optional<TimePoint> deepens_at(const Situation& situation) {
  if (told(situation.desired) == nullptr) return std::nullopt;
  const Duration suspended = suspended_for(situation);
  const auto next = deepens_next(descent_of(situation), suspended, situation.deepen_after);
  if (!next) return std::nullopt;
  return situation.now + (*next - suspended);
}

std::optional<api::Depth> depth_under_pressure(const Situation& situation) {
  const api::Depth now = rest_depth(situation);
  if (now == api::Depth::kRunning || told(situation.desired) == nullptr) return std::nullopt;
  return next_deeper(now, descent_of(situation).deepest, situation.depths);
}

// ---- Idleness

std::optional<Duration> idle_timeout(const api::SandboxSpec& spec) {
  if (!spec.suspend || spec.suspend->idleTimeout.empty()) return std::nullopt;
  const auto timeout = api::parse_duration(spec.suspend->idleTimeout);
  if (!timeout) return std::nullopt;
  return *timeout;
}

bool is_watched_for_work(const Situation& situation) {
  const Rest& rest = situation.memory.rest;
  return idle_timeout(situation.desired.spec) && rest.held_awake == 0 &&
         !wants_rest(situation.desired.spec, rest) &&
         api::is_true(situation.desired.status.conditions, "Ready");
}

bool is_idle(const Situation& situation) {
  const Rest& rest = situation.memory.rest;
  const auto timeout = idle_timeout(situation.desired.spec);
  const bool is_over = timeout && rest.looked - rest.last_work >= *timeout;
  return is_over && is_watched_for_work(situation);
}

// ---- Waking

bool wakes_on_traffic(const Situation& situation) {
  const api::SandboxSpec& spec = situation.desired.spec;
  return wants_rest(spec, situation.memory.rest) && api::wakes_on_traffic(spec);
}

// A status that tells of this generation tells of a suspension that this generation has.
Rest rest_of(const api::Sandbox& sandbox) {
  Rest rest;
  const auto* const suspend = told(sandbox);
  const auto* const condition = api::find_condition(sandbox.status.conditions, "Suspended");
  const bool is_current = suspend != nullptr && condition != nullptr &&
                          condition->observedGeneration == sandbox.metadata.generation;
  if (!is_current) return rest;
  // What is to leave its node is to run where it comes to.
  rest.asleep = !api::wants_suspension(sandbox.spec) && !sandbox.status.eviction;
  rest.is_hearsay = true;
  rest.was_frozen = api::parse_depth(suspend->depth) <= api::Depth::kHibernate;
  if (suspend->reason == "Pressure") rest.pressed_to = api::parse_depth(suspend->depth);
  return rest;
}

}  // namespace sandboxlet::agent
