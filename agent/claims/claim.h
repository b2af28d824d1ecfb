#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "agent/volume/volume_record.h"

namespace sandboxlet::agent {

// A PersistentVolumeClaim, as far as an agent looks at it.
struct KnownClaim {
  ClaimReference ref;
  std::string version;
  // Of what controls it; empty: nothing does.
  std::string controller_uid;
  bool is_deleting = false;
  // A Sandbox uses it (api::kClaimFinalizer).
  bool is_in_use = false;
  // Pending, Bound, Lost.
  std::string phase;
  // Of the PersistentVolume that it is bound to; empty: none yet.
  std::string volume;
  std::string storage_class;
  // Who is to provision it, as far as anybody has said so.
  std::string provisioner;
  std::string selected_node;
  std::string volume_mode;
  std::vector<std::string> access_modes;
  // What it asks for, as it is written and in bytes, 0 where that is no size; and what it was told.
  std::string request;
  int64_t requested = 0;
  int64_t capacity = 0;
  // Of its status.
  nlohmann::json conditions = nlohmann::json::array();
  // Fields that ask for more than a new empty volume: "spec.dataSource".
  std::vector<std::string> demands;
};

KnownClaim read_claim(const nlohmann::json& object);

// Of the PersistentVolume that is made for a claim.
std::string provisioned_name(const std::string& claim_uid);

// The PersistentVolume that it has, or is to have where the local provisioner makes it.
std::string volume_of(const KnownClaim& claim);

}  // namespace sandboxlet::agent
