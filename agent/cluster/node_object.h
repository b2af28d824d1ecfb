#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/meta.h"

namespace sandboxlet::agent {

struct NodeImage {
  std::vector<std::string> names;
  int64_t bytes = 0;
};

// What this node is to the cluster: the SandboxNode's labels and status (sandboxlet.io/v1alpha1).
struct NodeFacts {
  std::string name;
  std::string agent_version;
  // Of the runtime: "containerd", "v1.6.20".
  std::string runtime_name;
  std::string runtime_version;
  std::vector<std::string> runtime_handlers;
  std::vector<std::string> depths;
  // The others, and why not.
  std::map<std::string, std::string> depths_missing;
  std::vector<std::string> addresses;
  // Quantities by resource name.
  api::StringMap capacity;
  api::StringMap allocatable;
  std::vector<NodeImage> images;
  // Empty: it is ready.
  std::string trouble;
};

// What is applied server-side to the object itself, and to its status. lastTransitionTime of the
// condition Ready is kept from seen where its status is the same.
nlohmann::json node_object(const NodeFacts& facts);
nlohmann::json node_status(const NodeFacts& facts, const nlohmann::json& seen,
                           const api::Time& now);

}  // namespace sandboxlet::agent
