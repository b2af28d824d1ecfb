#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/clock.h"

namespace sandboxlet::eviction {

// kubectl drain knows Pods alone. So each node that has Sandboxes has a guard Pod: its eviction is
// how a drain is heard of, and its finalizer, for which kubectl waits, is how it is held until no
// Sandbox runs there any more.

inline constexpr char kGuardLabel[] = "app.kubernetes.io/name=sandboxlet-drain-guard";

std::string guard_name(const std::string& node);
// owner: the SandboxNode, whose uid it bears; so it goes with it, and drain asks for no --force.
nlohmann::json guard_pod(const std::string& node, const nlohmann::json& owner,
                         const std::string& namespace_, const std::string& image);
// Takes our finalizer off that version of that Pod; null where it is not there.
nlohmann::json release_guard_patch(const nlohmann::json& pod);

// A guard as the watch shows it.
struct Guard {
  std::string node;
  std::string uid;
  bool is_deleted = false;
  bool has_finalizer = false;
};
Guard read_guard(const nlohmann::json& pod);

// Who is on a node.
struct Occupancy {
  // There is a SandboxNode and a core Node of that name.
  bool is_drainable = false;
  bool is_cordoned = false;
  size_t residents = 0;
  // Those that a drain waits for.
  size_t holders = 0;
};

enum class GuardStep {
  kNothing,
  kCreate,
  // Nobody is there that it is to guard.
  kRemove,
  // Its deletion is not held any more.
  kRelease,
};

// guard: nothing where there is none. A cordoned node has a new one only once something runs there
// again.
GuardStep next_step(const std::optional<Guard>& guard, const Occupancy& occupancy);

}  // namespace sandboxlet::eviction
