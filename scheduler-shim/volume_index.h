#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scheduler-shim/claim_info.h"
#include "scheduler-shim/wake.h"

namespace sandboxlet::scheduler {

// The cluster's claims, volumes and storage classes, with the Sandboxes on nodes that use claims,
// the volumes that are kept for claims, and what local volumes take of each node. Each event costs
// what it changes; events may come in any order. Most answer what they may help (Queue::wake).
// Belongs to one thread.
class VolumeIndex {
 public:
  VolumeIndex() = default;
  VolumeIndex(const VolumeIndex&) = delete;
  VolumeIndex& operator=(const VolumeIndex&) = delete;

  // ---- What the API server has
  Wakes set_claim(ClaimInfo claim);
  Wakes remove_claim(const std::string& key);
  // One that is about to be made, and takes room as if it were there: until it is, or is given up.
  void plan_claim(ClaimInfo claim);
  Wakes give_up_claim(const std::string& key);
  Wakes set_volume(VolumeInfo volume);
  Wakes remove_volume(const std::string& name);
  Wakes set_class(const std::string& name, StorageClassInfo info);
  Wakes remove_class(const std::string& name);

  // Null where it is not known.
  const ClaimInfo* claim(const std::string& key) const;
  const VolumeInfo* volume(const std::string& name) const;
  const StorageClassInfo* class_of(const ClaimInfo& claim) const;
  // All that have our finalizer, by their keys.
  std::vector<std::string> protected_claims() const;

  // Why a claim that is to be made is not; forgotten once it is there.
  void refuse(const std::string& key, std::string why) { refusals_[key] = std::move(why); }
  const std::string& refusal_of(const std::string& key) const;

  // ---- Who uses a claim on which node, the assumed ones too; as often left as entered.
  void enter(const std::string& key, const std::string& sandbox, const std::string& node);
  void leave(const std::string& key, const std::string& sandbox, const std::string& node);
  // Whether another Sandbox than that one does.
  bool has_other_user(const std::string& key, const std::string& sandbox) const;

  // ---- Unbound claims
  // The node that its volume is to be on: the selected one, else its first user's; empty where that
  // is open.
  const std::string& node_of(const ClaimInfo& claim) const;
  // Volumes that it could be bound to, but for their nodes: one that is kept for it first, then the
  // smallest first (component-helpers: FindMatchingVolume).
  std::vector<const VolumeInfo*> volumes_for(const ClaimInfo& claim) const;
  // Keeps a volume for the claim until it is bound, or nobody on a node uses it any more.
  void reserve(const std::string& volume, const std::string& key);
  // The volume that is kept for it; empty where none is.
  const std::string& reserved_for(const std::string& key) const;

  // What local volumes of that node take together, in bytes: those that are there, and those that
  // are to be made there.
  int64_t local_bytes(const std::string& node) const;

 private:
  struct User {
    std::string sandbox;
    std::string node;
    bool operator==(const User&) const = default;
  };
  // Bytes on a node, which is named as its label has it.
  using Share = std::pair<std::string, int64_t>;

  bool could_be_bound(const ClaimInfo& claim, const VolumeInfo& volume) const;
  bool has_volume(const ClaimInfo& claim) const;
  // What is to be made for a claim.
  Share share_of(const std::string& key) const;
  int64_t bytes_at(const std::string& label) const;
  void count_local(const Share& share, int sign);
  // After whatever that depends on has changed. True where a node has more room than before.
  bool recount(const std::string& key);
  Wakes recount_class(const std::string& name);
  void free_reservation(const std::string& key);

  std::unordered_map<std::string, ClaimInfo> claims_;
  std::unordered_map<std::string, VolumeInfo> volumes_;
  std::map<std::string, StorageClassInfo> classes_;
  std::map<std::string, std::string> refusals_;
  // By class: volumes that are free, or kept for a claim by their names alone.
  std::unordered_map<std::string, std::set<std::string>> free_;
  std::unordered_map<std::string, std::vector<User>> users_;
  // Claims by volumes, and volumes by claims.
  std::unordered_map<std::string, std::string> reservations_;
  std::unordered_map<std::string, std::string> reserved_;
  // By claim: what was counted of it.
  std::unordered_map<std::string, Share> shares_;
  std::unordered_map<std::string, int64_t> local_bytes_;
};

}  // namespace sandboxlet::scheduler
