#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/suspend/cgroups.h"
#include "base/clock.h"
#include "proto/runtime/v1/api.pb.h"

namespace sandboxlet::agent {

// What exists of a Sandbox on this node, as read back from the runtime, the cgroup and the disk.
// Plain data; belongs to its actor.

struct ObservedPod {
  std::string id;
  uint32_t attempt = 0;
  bool ready = false;
  // StopPodSandbox was called on it: CRI itself tells no difference from one that died.
  bool stopped = false;
  std::vector<std::string> ips;
  bool operator==(const ObservedPod&) const = default;
};

enum class ContainerState { kCreated, kRunning, kExited, kUnknown };

struct ObservedContainer {
  std::string name;
  std::string id;
  std::string pod_id;
  uint32_t attempt = 0;
  int32_t restart_count = 0;
  ContainerState state = ContainerState::kUnknown;
  // Of its init process, 0 unless it runs.
  pid_t pid = 0;
  // That process has ended, and the runtime does not know it yet.
  bool is_ending = false;
  WallTime started{};
  WallTime finished{};
  int exit_code = 0;
  std::string reason;
  std::string message;
  bool operator==(const ObservedContainer&) const = default;
};

// An image that is present for one attempt at a container; the next attempt asks again, because an
// image may go or its pull policy be Always.
struct ReadyImage {
  uint32_t attempt = 0;
  ::runtime::v1::Image image;
};

struct Observed {
  // False until all of this was read once, and again after something was missed.
  bool known = false;
  bool cgroup = false;
  bool frozen = false;
  // Frozen, and its memory was given back since.
  bool hibernated = false;
  // Each packet that counts is told of.
  bool watches_traffic = false;
  // By attempt, the newest last.
  std::vector<ObservedPod> pods;
  std::vector<ObservedContainer> containers;
  // The next free attempt of each container, held up by the log files that exist.
  std::map<std::string, uint32_t> next_attempt;
  // Host paths of the staged volumes, by name.
  std::map<std::string, std::string> volumes;
  // There is something on disk that does not outlive the pod (emptyDirs), and anything at all.
  bool volumes_staged = false;
  bool data_on_disk = false;
  bool logs = false;
  // By container.
  std::map<std::string, ReadyImage> images;

  // The newest pod sandbox, nullptr where there is none.
  const ObservedPod* pod() const { return pods.empty() ? nullptr : &pods.back(); }
  // The newest container of that name, nullptr where there is none.
  const ObservedContainer* container(const std::string& name) const;
  bool anything_runs() const;
  // One of its processes, 0 where none is known to run.
  pid_t process() const;
};

}  // namespace sandboxlet::agent
