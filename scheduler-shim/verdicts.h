#pragma once

#include <cstdint>
#include <vector>

#include "scheduler-shim/node_table.h"

namespace sandboxlet::scheduler {

// What was found out about nodes for one class of Sandboxes, a small number for each, good until
// the node's generation changes.
class Verdicts {
 public:
  template <class Compute>
  uint8_t get(NodeId node, uint64_t generation, const Compute& compute) {
    if (packed_.size() <= node) packed_.resize(node + 1, 0);
    uint64_t& packed = packed_[node];
    if (packed >> 8 != generation) packed = generation << 8 | compute();
    return static_cast<uint8_t>(packed);
  }

  bool empty() const { return packed_.empty(); }
  void forget() { packed_ = {}; }

 private:
  std::vector<uint64_t> packed_;
};

}  // namespace sandboxlet::scheduler
