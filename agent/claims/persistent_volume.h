#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "agent/volume/volume_record.h"
#include "agent/volume/volumes.h"
#include "base/result.h"

namespace sandboxlet::agent {

// A PersistentVolume, as far as an agent looks at it.
// clang-tidy 14 takes the assertions in Json's noexcept move for throws.
struct KnownVolume {  // NOLINT(bugprone-exception-escape)
  std::string name;
  std::string uid;
  std::string version;
  // Pending, Available, Bound, Released, Failed.
  std::string phase;
  bool is_deleting = false;
  std::vector<std::string> finalizers;
  // The claim that it is for.
  ClaimReference claim;
  // Delete, Retain.
  std::string reclaim_policy;
  int64_t capacity = 0;
  std::vector<std::string> mount_options;
  PersistentVolume source;
  // Of spec.nodeAffinity.required; none: any node will do.
  nlohmann::json node_selector_terms;
};

KnownVolume read_volume(const nlohmann::json& object);

// Whether the local provisioner has made it.
bool is_node_volume(const KnownVolume& volume);

// Whether its affinity holds for a node, as far as that is of the node's name: by its other labels
// the scheduler has gone, and they may have changed since.
bool is_of_node(const KnownVolume& volume, const std::string& node);

}  // namespace sandboxlet::agent
