#pragma once

#include <cstdint>
#include <vector>

#include "scheduler-shim/subject.h"

namespace sandboxlet::scheduler {

// A number for each domain of some topology keys, 0 at first. Made anew for each decision; its
// memory stays.
class DomainTable {
 public:
  void clear() { used_ = 0; }
  bool empty() const { return used_ == 0; }

  // Adds weight times the nodes' counts to the nodes' domains.
  void add(const Topology& topology, KeyId key, const NodeCounts& counts, int64_t weight) {
    auto& values = of(topology, key);
    for (const auto& [node, count] : counts) {
      const Domain domain = topology.domain(key, node);
      if (domain != kNoDomain) values[domain] += weight * count;
    }
  }

  // The sum over all keys of what the node's domains have.
  int64_t sum(const Topology& topology, NodeId node) const {
    int64_t total = 0;
    for (size_t i = 0; i < used_; ++i) {
      const Domain domain = topology.domain(tables_[i].key, node);
      if (domain != kNoDomain) total += tables_[i].values[domain];
    }
    return total;
  }

  // What the domain has; 0 where nothing was added to its key.
  int64_t at(KeyId key, Domain domain) const {
    for (size_t i = 0; i < used_; ++i) {
      if (tables_[i].key == key) return tables_[i].values[domain];
    }
    return 0;
  }

 private:
  struct Table {
    KeyId key = 0;
    std::vector<int64_t> values;
  };

  std::vector<int64_t>& of(const Topology& topology, KeyId key) {
    for (size_t i = 0; i < used_; ++i) {
      if (tables_[i].key == key) return tables_[i].values;
    }
    if (tables_.size() == used_) tables_.emplace_back();
    Table& table = tables_[used_++];
    table.key = key;
    table.values.assign(topology.domains(key), 0);
    return table.values;
  }

  size_t used_ = 0;
  std::vector<Table> tables_;
};

}  // namespace sandboxlet::scheduler
