#include "agent/sandbox/observed.h"

#include <algorithm>

namespace sandboxlet::agent {

const ObservedContainer* Observed::container(const std::string& name) const {
  const ObservedContainer* newest = nullptr;
  for (const auto& container : containers) {
    if (container.name != name) continue;
    if (newest == nullptr || container.attempt > newest->attempt) newest = &container;
  }
  return newest;
}

bool Observed::anything_runs() const {
  return std::any_of(containers.begin(), containers.end(), [](const ObservedContainer& container) {
    return container.state == ContainerState::kRunning;
  });
}

pid_t Observed::process() const {
  for (const auto& container : containers) {
    if (container.state == ContainerState::kRunning && container.pid != 0) return container.pid;
  }
  return 0;
}

}  // namespace sandboxlet::agent
