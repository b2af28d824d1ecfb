#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "scheduler-shim/node_info.h"

namespace sandboxlet::scheduler {

// A node's place in every array that has one entry a node; taken again once it is free.
using NodeId = uint32_t;
inline constexpr NodeId kNoNode = UINT32_MAX;

// A host's port that Sandboxes on a node have taken.
struct TakenPort {
  HostPort port;
  int count = 0;
};

struct Node {
  std::string name;
  NodeInfo info;
  // There is a SandboxNode of that name. Without, Sandboxes may still be bound to it.
  bool known = false;
  // Its lease is being renewed.
  bool alive = true;
  // How many Sandboxes are bound to it, the suspended ones too.
  int sandboxes = 0;
  std::vector<TakenPort> ports;
};

// The numbers that are looked at for every node in every decision, on two cache lines.
struct NodeResources {
  Resources allocatable;
  Resources requested;
  int64_t scoring_milli_cpu = 0;
  int64_t scoring_memory = 0;
};

// All nodes by name and by dense id. Belongs to the Cache.
class NodeTable {
 public:
  explicit NodeTable(uint64_t seed) : random_(seed) {}

  // The node of that name; kNoNode where none is known or named.
  NodeId find(std::string_view name) const;
  // The same, made where there is none.
  NodeId find_or_make(const std::string& name);
  // False where nothing has changed.
  bool set(NodeId id, NodeInfo info);
  bool set_alive(NodeId id, bool alive);
  void set_unknown(NodeId id);
  // Frees the place of a node that is neither known nor has Sandboxes.
  void free_if_unused(NodeId id);

  // Ids are below this.
  size_t size() const { return nodes_.size(); }
  Node& operator[](NodeId id) { return nodes_[id]; }
  const Node& operator[](NodeId id) const { return nodes_[id]; }
  NodeResources& resources(NodeId id) { return resources_[id]; }
  const NodeResources& resources(NodeId id) const { return resources_[id]; }
  // Another one at each change of the node's object or lease, and never the same for two nodes.
  uint64_t generation(NodeId id) const { return generations_[id]; }

  // The known nodes, shuffled: whoever takes some in a row takes them from all zones (upstream goes
  // round-robin over zones for the same end).
  std::span<const NodeId> order() const { return order_; }

 private:
  void changed(NodeId id) { generations_[id] = ++generation_; }

  std::mt19937_64 random_;
  uint64_t generation_ = 0;
  std::vector<Node> nodes_;
  std::vector<NodeResources> resources_;
  std::vector<uint64_t> generations_;
  std::unordered_map<std::string, NodeId> by_name_;
  std::vector<NodeId> free_;
  std::vector<NodeId> order_;
};

}  // namespace sandboxlet::scheduler
