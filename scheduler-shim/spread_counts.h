#pragma once

#include <cstdint>
#include <vector>

#include "scheduler-shim/subject.h"

namespace sandboxlet::scheduler {

// How many Sandboxes that a constraint of spread is about are in each domain of its topology key.
// Nodes count that have the keys of all constraints at once and that the constraint's policies on
// affinity and taints take in (upstream: podtopologyspread). Computed for one decision after
// another; its memory stays.
class SpreadCounts {
 public:
  void compute(const Subject& subject, const std::vector<SpreadRef>& constraints);

  // Of the constraint at that place: 0 where no node that counts is in the domain.
  int32_t in_domain(size_t constraint, Domain domain) const {
    return std::max(tables_[constraint].by_domain[domain], 0);
  }
  // The least of all domains; 0 where there are fewer than minDomains.
  int32_t minimum(size_t constraint) const { return tables_[constraint].minimum; }

 private:
  struct Table {
    // -1 where no node that counts is in the domain.
    std::vector<int32_t> by_domain;
    int32_t minimum = 0;
  };

  void find_candidates(const Subject& subject, const std::vector<SpreadRef>& constraints);
  void fill(const Subject& subject, const SpreadRef& constraint, Table& table);

  std::vector<Table> tables_;
  // Nodes that have all keys; how many Sandboxes the constraint at hand counts on each node.
  std::vector<NodeId> candidates_;
  std::vector<int32_t> on_node_;
};

}  // namespace sandboxlet::scheduler
