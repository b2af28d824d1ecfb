#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scheduler-shim/labels.h"
#include "scheduler-shim/pod_info.h"

namespace sandboxlet::scheduler {

// Access modes of claims and volumes, or'ed.
using AccessModes = uint8_t;
inline constexpr AccessModes kReadWriteOnce = 1;
inline constexpr AccessModes kReadOnlyMany = 2;
inline constexpr AccessModes kReadWriteMany = 4;
inline constexpr AccessModes kReadWriteOncePod = 8;

// Which claim: "namespace/name".
std::string claim_key(const std::string& namespace_, const std::string& name);

// A PersistentVolumeClaim as far as it counts here. Plain data; small, because all of the cluster's
// are held.
struct ClaimInfo {
  std::string namespace_;
  std::string name;
  std::string uid;
  std::string resource_version;
  std::string class_name;
  std::string volume_name;
  std::string selected_node;
  // Bytes.
  int64_t request = 0;
  AccessModes access_modes = 0;
  bool is_block = false;
  // Which volumes it may be bound to by their labels.
  Selector selector;
  // Its volume is its own, and is there to be used (component-helpers: AnnBindCompleted).
  bool is_bound = false;
  // Its volume is gone.
  bool is_lost = false;
  bool is_deleting = false;
  // It has our finalizer (api::kClaimFinalizer).
  bool is_protected = false;
  // It is about to be made, and the API server has none of its name (VolumeIndex::plan_claim).
  bool is_planned = false;
  // Its node's label says what the selected node's annotation says.
  bool is_labelled = false;
  // ---- Whose it is.
  std::string controller_uid;
  // "StatefulSet/db"; empty where nothing controls it.
  std::string controller;
  // Upstream's labels of what a Sandbox may take for its own.
  std::string name_hash;
  bool is_adoptable = false;

  std::string key() const { return claim_key(namespace_, name); }
  bool operator==(const ClaimInfo&) const = default;
};

// A PersistentVolume.
struct VolumeInfo {
  std::string name;
  std::string resource_version;
  std::string class_name;
  // The claim that it is bound to, or kept for; the uid is empty where any claim of that name is
  // meant.
  std::string claim_namespace;
  std::string claim_name;
  std::string claim_uid;
  // Of the local provisioner's: the label's value that stands for its node; empty for others.
  std::string local_node;
  // Bytes.
  int64_t capacity = 0;
  AccessModes access_modes = 0;
  bool is_block = false;
  // Its phase: no claim has it, nor had.
  bool is_available = false;
  bool is_deleting = false;
  // Only nodes that one of these selects can have it; without any, all can.
  std::vector<NodeTerm> node_terms;
  Labels labels;

  bool operator==(const VolumeInfo&) const = default;
};

// A StorageClass.
struct StorageClassInfo {
  std::string provisioner;
  // WaitForFirstConsumer; else Immediate.
  bool waits_for_consumer = false;
  // allowedTopologies: nodes that one of these selects; without any, all.
  std::vector<NodeTerm> node_terms;

  bool is_local() const;
  // It makes volumes, where others only bind those that are there.
  bool provisions() const;
  // A volume is chosen, or made, once there is a node. The local provisioner cannot do without one
  // whatever the class says.
  bool waits_for_node() const { return waits_for_consumer || is_local(); }

  bool operator==(const StorageClassInfo&) const = default;
};

}  // namespace sandboxlet::scheduler
