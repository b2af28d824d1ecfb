#include "agent/sandbox/running_logs.h"

#include "agent/pod/pod_sandbox_config.h"

namespace sandboxlet::agent {

std::vector<RunningLog> running_logs(const Manager& manager, const std::string& log_root) {
  std::vector<RunningLog> logs;
  for (const auto& [uid, actor] : manager.actors()) {
    if (actor->observed().frozen) continue;
    const auto& meta = actor->sandbox().metadata;
    const std::string directory = log_root + "/" + log_directory_name(actor->sandbox()) + "/";
    const std::string owner = meta.namespace_ + "/" + meta.name + "/";
    for (const auto& container : actor->observed().containers) {
      if (container.state != ContainerState::kRunning) continue;
      logs.push_back(
          {container.id, directory + container.name, container.attempt, owner + container.name});
    }
  }
  return logs;
}

}  // namespace sandboxlet::agent
