#pragma once

#include <string>
#include <variant>

#include "agent/sandbox/observed.h"
#include "base/clock.h"

namespace sandboxlet::agent {

// What plan() may decide. Plain data; the executor does it, fold() notes what came of it.

struct Observe {};
struct CreateCgroup {};
struct StageVolume {
  std::string name;
};
struct EnsureImage {
  std::string container;
  uint32_t attempt = 0;
};
struct RunPodSandbox {
  uint32_t attempt = 0;
};
struct StopPodSandbox {
  std::string id;
};
struct RemovePodSandbox {
  std::string id;
};
// Creates and starts it.
struct RunContainer {
  std::string name;
  uint32_t attempt = 0;
  int32_t restart_count = 0;
};
struct StopContainer {
  std::string name;
  std::string id;
  Duration grace{};
};
// Shortens the grace of a StopContainer that is under way.
struct HastenStop {
  std::string name;
  std::string id;
  Duration grace{};
};
struct RemoveContainer {
  std::string name;
  std::string id;
};
// Where it watches traffic: from before the freeze on, if that can be done.
struct Freeze {
  bool watches_traffic = false;
};
// Of one that is frozen; finds also what came while nobody watched.
struct WatchTraffic {};
// Gives its memory back; a thaw ends it.
struct Hibernate {};
struct Thaw {};
// SIGKILL to all, frozen or not.
struct KillAll {};
// What does not outlive the pod: emptyDirs.
struct UnstageVolumes {};
// The kept data as well.
struct RemoveVolumes {};
struct RemoveCgroup {};
struct RemoveLogs {};
// Nothing is left: the Sandbox may be forgotten.
struct Forget {};

using Action =
    std::variant<Observe, CreateCgroup, StageVolume, EnsureImage, RunPodSandbox, StopPodSandbox,
                 RemovePodSandbox, RunContainer, StopContainer, HastenStop, RemoveContainer, Freeze,
                 WatchTraffic, Hibernate, Thaw, KillAll, UnstageVolumes, RemoveVolumes,
                 RemoveCgroup, RemoveLogs, Forget>;

// For logs and metrics: "RunPodSandbox".
std::string kind_of(const Action& action);
// What it is about: two actions about one subject are never under way together, and failures are
// held back by subject: "pod", "container/web", "image/web", "volume/data", "cgroup", ...
std::string subject_of(const Action& action);
// True for what makes processes.
bool starts_processes(const Action& action);
// True for what makes or ends processes: the freezer must not meet it under way (suspend.md, trap
// 2).
bool awaits_processes(const Action& action);
// True for what lets a frozen Sandbox's processes go on, be it to their end.
bool thaws(const Action& action);

// What an action found or made.
struct StagedVolume {
  std::string path;
};
struct FoundImage {
  ::runtime::v1::Image image;
  bool was_pulled = false;
};
struct Frozen {
  bool watches_traffic = false;
  // Something came before, too late to be read.
  bool is_waiting = false;
};
struct FoundTraffic {
  // Something waits to be read.
  bool is_waiting = false;
};
struct GivenBack {
  uint64_t bytes = 0;
  // By a thaw, before its end.
  bool was_stopped = false;
};
using Outcome = std::variant<std::monostate, Observed, ObservedPod, ObservedContainer, StagedVolume,
                             FoundImage, Frozen, FoundTraffic, GivenBack>;

// Notes in observed what a finished action made of the world.
void fold(Observed& observed, const Action& action, const Outcome& outcome);

}  // namespace sandboxlet::agent
