#include "agent/sandbox/event.h"

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
  if (std::holds_alternative<RunContainer>(action)) return {true, "Failed", "Error: " + why};
  if (std::holds_alternative<StopContainer>(action)) {
    return {true, "FailedKillPod", "error killing pod: " + why};
  }
  return {true, "Failed" + kind_of(action), why};
}

}  // namespace

std::optional<EventText> event_at_begin(const Action& action) {
  if (const auto* stop = std::get_if<StopContainer>(&action)) {
    return EventText{false, "Killing", "Stopping container " + stop->name};
  }
  return std::nullopt;
}

std::optional<EventText> event_at_end(const api::Sandbox& sandbox, const Action& action,
                                      const Result<>& result) {
  if (!result) {
    // The runtime being away for a look is no event of the Sandbox.
    if (std::holds_alternative<Observe>(action)) return std::nullopt;
    return failure(sandbox, action, result.error().message());
  }
  if (const auto* ensure = std::get_if<EnsureImage>(&action)) {
    const std::string image = image_of(sandbox, ensure->container);
    return EventText{false, "Pulled", "Container image \"" + image + "\" is present on machine"};
  }
  if (const auto* run = std::get_if<RunContainer>(&action)) {
    return EventText{false, "Started", "Started container " + run->name};
  }
  if (std::holds_alternative<Freeze>(action))
    return EventText{false, "Frozen", "Froze the Sandbox"};
  if (std::holds_alternative<Thaw>(action)) return EventText{false, "Thawed", "Thawed the Sandbox"};
  return std::nullopt;
}

}  // namespace sandboxlet::agent
