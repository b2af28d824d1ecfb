#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "scheduler-shim/node_table.h"

namespace sandboxlet::scheduler {

// A topology key in use, and one of its values among the nodes ("zone-a"), as small numbers.
using KeyId = uint32_t;
using Domain = int32_t;
inline constexpr Domain kNoDomain = -1;

// Which domain of each topology key in use each node is in. Belongs to the Cache, which tells it of
// every node that changes.
class Topology {
 public:
  explicit Topology(const NodeTable& nodes) : nodes_(nodes) {}

  // Counts one more user of the key; release takes it back.
  KeyId acquire(const std::string& key);
  void release(KeyId key);
  void update(NodeId node);

  // The node's domain; kNoDomain where it lacks the label.
  Domain domain(KeyId key, NodeId node) const { return keys_[key].of_node[node]; }
  // Domains of the key are below this.
  size_t domains(KeyId key) const { return keys_[key].nodes_in.size(); }
  // Keys are below this.
  size_t size() const { return keys_.size(); }

 private:
  struct Key {
    std::string name;
    int users = 0;
    std::unordered_map<std::string, Domain> by_value;
    // By domain: its value, and how many nodes are in it; those without are in free.
    std::vector<std::string> values;
    std::vector<int> nodes_in;
    std::vector<Domain> free;
    // By NodeId.
    std::vector<Domain> of_node;
  };

  void place(Key& key, NodeId node);
  static Domain enter(Key& key, const std::string& value);
  static void leave(Key& key, Domain domain);

  const NodeTable& nodes_;
  std::vector<Key> keys_;
  std::unordered_map<std::string, KeyId> by_name_;
  std::vector<KeyId> free_;
};

}  // namespace sandboxlet::scheduler
