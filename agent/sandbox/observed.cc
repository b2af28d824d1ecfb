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

}  // namespace sandboxlet::agent
