#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "agent/claims/claim.h"
#include "agent/volume/local_volumes.h"
#include "base/result.h"

namespace sandboxlet::agent {

// What the local provisioner makes for a claim, and how it tells of it. Pure.

// A StorageClass, as far as the provisioner looks at it.
struct KnownClass {
  std::string name;
  std::string provisioner;
  std::string reclaim_policy;
  std::map<std::string, std::string> parameters;
  // Fields that no volume of a node can follow: "mountOptions".
  std::vector<std::string> demands;
};

KnownClass read_class(const nlohmann::json& object);

// The volume that a claim asks for; kInvalidArgument with the field's name where no volume of a
// node can be what it asks for.
Result<NewVolume> new_volume(const KnownClaim& claim, const KnownClass& storage_class);

// The PersistentVolume of what was made.
nlohmann::json volume_object(const KnownClaim& claim, const KnownClass& storage_class,
                             const VolumeRecord& made, const std::string& node);

}  // namespace sandboxlet::agent
