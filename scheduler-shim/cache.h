#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "scheduler-shim/carried_terms.h"
#include "scheduler-shim/image_index.h"
#include "scheduler-shim/match_index.h"
#include "scheduler-shim/node_table.h"
#include "scheduler-shim/pod_class.h"
#include "scheduler-shim/topology.h"
#include "scheduler-shim/volume_index.h"
#include "scheduler-shim/wake.h"

namespace sandboxlet::scheduler {

// The cluster's nodes and the Sandboxes on them, as watches tell and as just decided, with the
// indexes that decisions are made from. Each event costs what it changes, not the cluster's size;
// events may come in any order. Most answer what they may help (Queue::wake). Belongs to one
// thread.
class Cache {
 public:
  // volumes outlives it, and is told here which Sandboxes use claims on which node. seed shuffles
  // the nodes.
  explicit Cache(VolumeIndex& volumes, uint64_t seed = 0) : volumes_(volumes), nodes_(seed) {}
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  // A node as the watch shows it, new or changed.
  Wakes set_node(NodeInfo info);
  // Whether its lease is being renewed; of a node that is not known, nothing.
  Wakes set_alive(const std::string& name, bool alive);
  Wakes remove_node(const std::string& name);
  // A namespace's labels; none once it is gone.
  Wakes set_namespace(const std::string& name, Labels labels);

  // A Sandbox as the watch shows it, new or changed. It counts on the node that it is bound to, or
  // else on the one that is assumed; a binding confirms or corrects what is assumed.
  Wakes set_sandbox(PodInfo pod);
  Wakes remove_sandbox(const std::string& uid);

  // Counts a Sandbox on the node that was just decided, until the watch shows it bound, the binding
  // failed (forget) or nothing is heard of it by expires.
  Wakes assume(PodInfo pod, NodeId node, TimePoint expires);
  // Takes back what was assumed; where the watch has shown it bound meanwhile, nothing.
  Wakes forget(const std::string& uid);
  // Forgets what has expired and returns the uids: they are to be decided again, and each is a
  // kSandboxGone.
  std::vector<std::string> expire(TimePoint now);
  bool is_assumed(const std::string& uid) const { return assumed_.contains(uid); }

  // The volume that is to be bound to an unbound claim of a Sandbox on that node, from now on kept
  // for it; empty where none is free.
  std::string keep_volume(const std::string& claim, const std::string& node);

  const VolumeIndex& volumes() const { return volumes_; }
  const NodeTable& nodes() const { return nodes_; }
  const Topology& topology() const { return topology_; }
  const MatchIndex& matches() const { return matches_; }
  const CarriedTerms& terms() const { return terms_; }
  const ImageIndex& images() const { return images_; }
  // Known nodes that have a PreferNoSchedule taint.
  int nodes_with_soft_taints() const { return soft_tainted_; }
  PodClasses& classes() { return classes_; }

  // How many Sandboxes are on nodes, assumed ones too.
  size_t sandboxes() const { return placed_.size(); }

 private:
  // A Sandbox that counts on a node.
  struct Placed {
    PodInfo pod;
    NodeId node = kNoNode;
    PodClass* pod_class = nullptr;
    MatchIndex::Group* group = nullptr;
  };

  NodeId find_or_make(const std::string& name);
  void place(PodInfo pod, NodeId node);
  void displace(const std::string& uid);
  void count(Placed& placed, int32_t sign);
  void count_resources(const Placed& placed, int32_t sign);
  void count_ports(const Placed& placed, int32_t sign);
  void count_claims(const Placed& placed, int32_t sign);
  // Keeps the volumes for it that would be bound on that node.
  void keep_volumes(const PodInfo& pod, NodeId node);

  VolumeIndex& volumes_;
  NodeTable nodes_;
  Topology topology_{nodes_};
  MatchIndex matches_;
  CarriedTerms terms_;
  PodClasses classes_{matches_, topology_, terms_};
  ImageIndex images_;
  int soft_tainted_ = 0;
  std::unordered_map<std::string, Placed> placed_;
  // When what is assumed expires; few at a time.
  std::unordered_map<std::string, TimePoint> assumed_;
};

}  // namespace sandboxlet::scheduler
