#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "scheduler-shim/node_table.h"

namespace sandboxlet::scheduler {

// How many Sandboxes of some kind each node has; only nodes with any are in it, by id. One block of
// memory: it is gone through in whole far more often than it changes.
class NodeCounts {
 public:
  struct Entry {
    NodeId node = kNoNode;
    int32_t count = 0;
    bool operator==(const Entry&) const = default;
  };

  void add(NodeId node, int32_t count) {
    const auto found =
        std::lower_bound(entries_.begin(), entries_.end(), node,
                         [](const Entry& entry, NodeId wanted) { return entry.node < wanted; });
    if (found == entries_.end() || found->node != node) {
      entries_.insert(found, {node, count});
    } else if ((found->count += count) == 0) {
      entries_.erase(found);
    }
  }

  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  bool empty() const { return entries_.empty(); }

  bool operator==(const NodeCounts&) const = default;

 private:
  std::vector<Entry> entries_;
};

}  // namespace sandboxlet::scheduler
