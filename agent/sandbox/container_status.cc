#include "agent/sandbox/container_status.h"

#include "agent/sandbox/phase.h"
#include "api/time.h"

namespace sandboxlet::agent {

namespace {

void wait(api::ContainerStatus& status, std::string reason, std::string message) {
  status.state = "Waiting";
  status.reason = std::move(reason);
  status.message = std::move(message);
}

const Failure* failure_of(const Situation& situation, const std::string& subject) {
  const auto found = situation.memory.failures.find(subject);
  return found == situation.memory.failures.end() ? nullptr : &found->second;
}

bool image_failed(const Situation& situation, const api::Container& container,
                  api::ContainerStatus& status) {
  const Failure* const failure = failure_of(situation, "image/" + container.name);
  if (failure == nullptr) return false;
  const std::string& why = failure->error.message();
  if (container.imagePullPolicy == "Never") {
    wait(status, "ErrImageNeverPull", why);
  } else if (failure->error.code() == Code::kInvalidArgument) {
    wait(status, "InvalidImageName", why);
  } else if (failure->backoff.failures == 1) {
    wait(status, "ErrImagePull", why);
  } else {
    wait(status, "ImagePullBackOff", "Back-off pulling image \"" + container.image + "\": " + why);
  }
  return true;
}

void ended(const Situation& situation, const ObservedContainer& last,
           api::ContainerStatus& status) {
  status.exitCode = last.exit_code;
  status.finishedAt = api::format_time(last.finished);
  const bool restarting = situation.memory.under_way.contains("container/" + last.name);
  if (!restarting && held_back_until(situation, last) &&
      !wants_suspension(situation.desired.spec) &&
      restarts(situation.desired.spec.podTemplate.spec, last)) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(
        situation.memory.crashes.at(last.name).backoff.delay);
    wait(status, "CrashLoopBackOff",
         "back-off " + std::to_string(seconds.count()) +
             "s restarting failed container=" + last.name);
    return;
  }
  status.state = "Terminated";
  status.reason = !last.reason.empty() ? last.reason : last.exit_code == 0 ? "Completed" : "Error";
  status.message = last.message;
}

}  // namespace

api::ContainerStatus container_status(const Situation& situation, const api::Container& container) {
  api::ContainerStatus status;
  status.name = container.name;
  status.image = container.image;
  const ObservedContainer* const last = situation.observed.container(container.name);
  if (last != nullptr) {
    status.restartCount = last->restart_count;
    if (last->started != WallTime{}) status.startedAt = api::format_time(last->started);
    if (last->state == ContainerState::kRunning) {
      status.state = "Running";
      return status;
    }
  }
  if (image_failed(situation, container, status)) return status;
  if (const Failure* const failure = failure_of(situation, "container/" + container.name)) {
    wait(status, "RunContainerError", failure->error.message());
  } else if (last != nullptr && last->state == ContainerState::kExited) {
    ended(situation, *last, status);
  } else {
    wait(status, "ContainerCreating", "");
  }
  return status;
}

}  // namespace sandboxlet::agent
