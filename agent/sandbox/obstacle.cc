#include "agent/sandbox/obstacle.h"

#include <algorithm>

#include "api/conditions.h"

namespace sandboxlet::agent {

namespace {

// A runtime that restarts, or is still busy with what a killed agent asked of it, is waited for.
constexpr auto kPatience = std::chrono::seconds(4);

bool stands(const Failure& failure, TimePoint since) {
  const Backoff& backoff = failure.backoff;
  if (backoff.last < since) return false;
  return !is_retryable(failure.error.code()) ||
         (backoff.failures > 1 && backoff.delay >= kPatience);
}

}  // namespace

std::optional<Error> obstacle(const api::Sandbox& sandbox, const Memory& memory, TimePoint since,
                              TimePoint now) {
  for (const auto& [subject, failure] : memory.failures) {
    if (stands(failure, since)) return failure.error;
  }
  const auto& waits = memory.waits_for_memory;
  if (waits && now >= std::max(since, *waits) + kPatience) {
    return Error(Code::kResourceExhausted,
                 std::string(kWaitsForMemory) + ", which it is as soon as there is enough");
  }
  const auto* const suspended = api::find_condition(sandbox.status.conditions, "Suspended");
  if (suspended != nullptr && suspended->reason == "DepthUnsupported" &&
      suspended->observedGeneration == sandbox.metadata.generation) {
    return Error(Code::kUnimplemented, suspended->message);
  }
  const auto* const ready = api::find_condition(sandbox.status.conditions, "Ready");
  if (ready != nullptr && ready->reason == "SandboxExpired") {
    return Error(Code::kFailedPrecondition, ready->message);
  }
  const bool is_leaving =
      ready != nullptr && (ready->reason == "NodeUnreachable" || ready->reason == "SandboxEvicted");
  if (is_leaving) {
    return Error(Code::kUnavailable, ready->message);
  }
  for (const auto& container : sandbox.status.containers) {
    if (container.reason != "CrashLoopBackOff") continue;
    return Error(Code::kFailedPrecondition,
                 "container \"" + container.name + "\" does not stay up: " + container.message);
  }
  return std::nullopt;
}

}  // namespace sandboxlet::agent
