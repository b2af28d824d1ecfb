#include "agent/sandbox/event.h"

#include <algorithm>

#include "agent/sandbox/phase.h"

namespace sandboxlet::agent {

namespace {

std::string image_of(const api::Sandbox& sandbox, const std::string& name) {
  for (const auto& container : sandbox.spec.podTemplate.spec.containers) {
    if (container.name == name) return container.image;
  }
  return "";
}

EventText failure(const api::Sandbox& sandbox, const Action& action, const std::string& why) {
  if (std::holds_alternative<RunPodSandbox>(action)) {
    return {true, "FailedCreatePodSandBox", "Failed to create pod sandbox: " + why};
  }
  if (std::holds_alternative<StageVolume>(action)) {
    return {true, "FailedMount", "MountVolume.SetUp failed: " + why};
  }
  if (const auto* ensure = std::get_if<EnsureImage>(&action)) {
    return {true, "Failed",
            "Failed to pull image \"" + image_of(sandbox, ensure->container) + "\": " + why};
  }
  if (const auto* run = std::get_if<RunContainer>(&action)) {
    return {true, "Failed", "Error: container " + run->name + ": " + why};
  }
  if (const auto* stop = std::get_if<StopContainer>(&action)) {
    return {true, "FailedKillPod", "error killing container " + stop->name + ": " + why};
  }
  return {true, "Failed" + kind_of(action), why};
}

EventText exit_of(const ObservedContainer& ended) {
  const bool out_of_memory = ended.reason == "OOMKilled";
  const std::string reason = ended.reason.empty() ? "" : " (" + ended.reason + ")";
  return {ended.exit_code != 0 || out_of_memory, out_of_memory ? "OOMKilled" : "Exited",
          "Container " + ended.name + " ended with exit code " + std::to_string(ended.exit_code) +
              reason};
}

EventText back_off(const std::string& container, const Backoff& backoff) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(backoff.delay).count();
  return {true, "BackOff",
          "Back-off " + std::to_string(seconds) + "s restarting failed container " + container};
}

}  // namespace

std::optional<EventText> event_at_begin(const Action& action) {
  if (const auto* stop = std::get_if<StopContainer>(&action)) {
    return EventText{false, "Killing", "Stopping container " + stop->name};
  }
  return std::nullopt;
}

std::optional<EventText> event_at_end(const api::Sandbox& sandbox, const Action& action,
                                      const Result<Outcome>& result) {
  if (!result) {
    // The runtime being away for a look is no event of the Sandbox.
    if (std::holds_alternative<Observe>(action)) return std::nullopt;
    return failure(sandbox, action, result.error().message());
  }
  if (const auto* ensure = std::get_if<EnsureImage>(&action)) {
    const std::string image = image_of(sandbox, ensure->container);
    if (std::get<FoundImage>(*result).was_pulled) {
      return EventText{false, "Pulled", "Successfully pulled image \"" + image + "\""};
    }
    return EventText{false, "Pulled",
                     "Container image \"" + image + "\" already present on machine"};
  }
  if (const auto* run = std::get_if<RunContainer>(&action)) {
    return EventText{false, "Started", "Started container " + run->name};
  }
  if (std::holds_alternative<Freeze>(action))
    return EventText{false, "Frozen", "Froze the Sandbox"};
  if (std::holds_alternative<Thaw>(action)) return EventText{false, "Thawed", "Thawed the Sandbox"};
  return std::nullopt;
}

std::vector<EventText> events_of_exits(const Observed& before, const Situation& now) {
  std::vector<EventText> events;
  for (const auto& ended : now.observed.containers) {
    if (ended.state != ContainerState::kExited || now.memory.stopped_by_us.contains(ended.id)) {
      continue;
    }
    const auto ran = [&](const ObservedContainer& then) {
      return then.id == ended.id && then.state == ContainerState::kRunning;
    };
    if (std::none_of(before.containers.begin(), before.containers.end(), ran)) continue;
    events.push_back(exit_of(ended));
    const bool waits = restarts(now.desired.spec.podTemplate.spec, ended) &&
                       held_back_until(now, ended).has_value();
    if (waits) events.push_back(back_off(ended.name, now.memory.crashes.at(ended.name).backoff));
  }
  return events;
}

EventText event_of_idleness() { return {false, "Idle", "Suspending the Sandbox: it has no work"}; }

EventText event_of_pressure(api::Depth depth) {
  return {false, "MemoryPressure",
          "The node's memory is short: the Sandbox is suspended deeper, to " + to_string(depth)};
}

EventText event_of_waiting() { return {true, "WaitingForMemory", kWaitsForMemory}; }

}  // namespace sandboxlet::agent
