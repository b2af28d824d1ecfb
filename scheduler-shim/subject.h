#pragma once

#include <algorithm>
#include <vector>

#include "scheduler-shim/cache.h"

namespace sandboxlet::scheduler {

// The Sandbox that a decision is about, and what filters and scores look at besides nodes. Lives as
// long as the decision.
struct Subject {
  const PodInfo& pod;
  const Cache& cache;
  PodClass& pod_class;
  // The matchers in use that match it.
  std::vector<MatcherId> matched;

  const PodTemplateInfo& spec() const { return *pod.spec; }
  const NodeInfo& node(NodeId id) const { return cache.nodes()[id].info; }
  bool is_matched_by(MatcherId matcher) const {
    return std::find(matched.begin(), matched.end(), matcher) != matched.end();
  }
  // Whether its nodeSelector and node affinity select the node; remembered by class.
  bool selects(NodeId id) const;
};

}  // namespace sandboxlet::scheduler
