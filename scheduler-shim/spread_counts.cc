#include "scheduler-shim/spread_counts.h"

#include <limits>

namespace sandboxlet::scheduler {

void SpreadCounts::compute(const Subject& subject, const std::vector<SpreadRef>& constraints) {
  find_candidates(subject, constraints);
  tables_.resize(constraints.size());
  for (size_t i = 0; i < constraints.size(); ++i) fill(subject, constraints[i], tables_[i]);
}

void SpreadCounts::find_candidates(const Subject& subject,
                                   const std::vector<SpreadRef>& constraints) {
  const Topology& topology = subject.cache.topology();
  candidates_.clear();
  for (const NodeId node : subject.cache.nodes().order()) {
    const bool has_all = std::all_of(
        constraints.begin(), constraints.end(),
        [&](const SpreadRef& one) { return topology.domain(one.key, node) != kNoDomain; });
    if (has_all) candidates_.push_back(node);
  }
}

void SpreadCounts::fill(const Subject& subject, const SpreadRef& ref, Table& table) {
  const Topology& topology = subject.cache.topology();
  const SpreadConstraint& constraint = *ref.constraint;
  on_node_.assign(subject.cache.nodes().size(), 0);
  for (const auto& [node, count] : subject.cache.matches().counts(ref.matcher)) {
    on_node_[node] = count;
  }
  table.by_domain.assign(topology.domains(ref.key), -1);
  for (const NodeId node : candidates_) {
    if (constraint.honors_affinity && !subject.selects(node)) continue;
    if (constraint.honors_taints &&
        find_untolerated(subject.node(node).taints, subject.spec().tolerations) != nullptr) {
      continue;
    }
    int32_t& in_domain = table.by_domain[topology.domain(ref.key, node)];
    in_domain = std::max(in_domain, 0) + on_node_[node];
  }
  int32_t domains = 0;
  table.minimum = std::numeric_limits<int32_t>::max();
  for (const int32_t count : table.by_domain) {
    if (count < 0) continue;
    ++domains;
    table.minimum = std::min(table.minimum, count);
  }
  if (domains < constraint.min_domains) table.minimum = 0;
}

}  // namespace sandboxlet::scheduler
