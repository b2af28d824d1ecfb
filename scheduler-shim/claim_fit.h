#pragma once

#include <string>
#include <utility>
#include <vector>

#include "scheduler-shim/node_info.h"
#include "scheduler-shim/volume_index.h"

namespace sandboxlet::scheduler {

// Whether a Sandbox's claims let it be bound at all.
struct ClaimsState {
  // They are being made, taken over or protected: whoever does that is faster than any back-off.
  bool is_coming = false;
  // Those that are not here yet are planned, and what they need is known.
  bool is_planned = true;
  // Why no node will do, in kube-scheduler's words where it has any; empty where one may.
  std::string refusal;
};
ClaimsState state_of_claims(const PodInfo& pod, const VolumeIndex& volumes);

// What of a Sandbox's claims makes a node do or not (kubernetes: volumebinding.FindPodVolumes).
// Serves one Sandbox whose claims are as they must be, and many nodes; lives as long as the index
// is not changed.
class ClaimFit {
 public:
  // What is wrong with a node; nothing where all are false.
  struct Verdict {
    bool is_other_node = false;
    bool has_no_volume = false;
    bool has_no_room = false;
    bool is_volume_missing = false;

    bool fits() const {
      return !is_other_node && !has_no_volume && !has_no_room && !is_volume_missing;
    }
  };
  // Volumes that are there, by the claims that they would be bound to.
  using Choice = std::vector<std::pair<std::string, std::string>>;

  ClaimFit(const PodInfo& pod, const VolumeIndex& volumes);

  // choice, where one is wanted, gets what would be bound on that node.
  Verdict check(const NodeInfo& node, Choice* choice = nullptr) const;

 private:
  struct Unbound {
    const ClaimInfo* claim;
    const StorageClassInfo* storage_class;
    // Where its volume is to be; empty where that is open.
    std::string node;
    std::vector<const VolumeInfo*> volumes;
  };

  void check_bound(const NodeInfo& node, Verdict& verdict) const;
  void check_unbound(const NodeInfo& node, Verdict& verdict, Choice& choice) const;
  // Null where none of its volumes does that is not chosen yet.
  static const VolumeInfo* choose(const Unbound& one, const NodeInfo& node, const Choice& choice);
  static bool can_be_made(const Unbound& one, const NodeInfo& node);

  const VolumeIndex& index_;
  std::vector<const VolumeInfo*> bound_;
  bool is_volume_missing_ = false;
  // The smallest first.
  std::vector<Unbound> unbound_;
};

}  // namespace sandboxlet::scheduler
