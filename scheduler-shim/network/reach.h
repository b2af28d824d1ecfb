#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "api/sandbox.h"
#include "scheduler-shim/sandbox_ref.h"

namespace sandboxlet::network {

using Json = nlohmann::json;

// A port that a container listens on, or that an endpoint has.
struct Port {
  std::string name;
  int32_t number = 0;
  std::string protocol;
  bool operator==(const Port&) const = default;
};

// What of a Sandbox counts for how it is reached, and no more: one is kept of each Sandbox that
// is_reached(), and of those that own a Service.
struct Reach {
  scheduler::SandboxRef sandbox;
  std::string version;
  bool is_deleting = false;
  // ---- What is asked for; nothing of one that has expired.
  // Unset, a headless Service that is there stays.
  std::optional<bool> service;
  std::optional<api::ServiceSpec> own_service;
  std::vector<api::RouteRef> routes;
  // ---- Where it is.
  // Of containers and of sidecars.
  std::vector<Port> ports;
  std::vector<std::string> ips;
  std::string node_name;
  // It takes traffic: it is Ready, or wakes when some comes.
  bool is_ready = false;
  // What was told of all this: the three fields of status, as JSON.
  std::string told;
};

// Whether anything is to be done, or to be taken back, for it to be reached. Few Sandboxes are.
bool is_reached(const Json& sandbox);

// Defaults are those of the agent (api/defaults.h). What cannot be read is as if it were not there:
// the agent says of it what is wrong.
Reach read_reach(const Json& sandbox);

}  // namespace sandboxlet::network
