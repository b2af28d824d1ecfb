#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "scheduler-shim/cache.h"
#include "scheduler-shim/filter.h"
#include "scheduler-shim/score.h"
#include "scheduler-shim/wake.h"

namespace sandboxlet::scheduler {

struct Decision {
  // kNoNode where none will do.
  NodeId node = kNoNode;
  std::string node_name;
  // Why none will do: "0/5 nodes are available: 2 Insufficient cpu, 3 node(s) were unschedulable."
  std::string message;
  // What may change that; the queue waits for it.
  Wakes wakes = kNothing;
  // None was looked for: its claims are coming (claim_fit.h).
  bool is_early = false;
};

struct SchedulerOptions {
  FitStrategy fit = FitStrategy::kLeastAllocated;
  // Decides between nodes of equal score.
  uint64_t seed = 0;
};

// How many nodes that will do are looked for before the best of them is taken (upstream:
// numFeasibleNodesToFind): below 100 all, else 50% less 1% for each 125 nodes, at least 5% and at
// least 100.
size_t nodes_to_find(size_t nodes);

// Decides on which node a Sandbox goes: filters nodes, from where the last decision left off, until
// there are enough that will do, and takes the one with the highest weighted sum of scores. The
// node that has the Sandbox's state is always among those looked at. Changes nothing in the cache
// but what that remembers for speed; the same calls decide the same. Belongs to the cache's thread.
class Scheduler {
 public:
  explicit Scheduler(SchedulerOptions options = {});

  Decision decide(const PodInfo& pod, Cache& cache);
  // Where it will go once its claims are there that are planned; kNoNode where that is not known.
  Decision decide_ahead(const PodInfo& pod, Cache& cache);

 private:
  // By its nodes.
  Decision choose(const PodInfo& pod, Cache& cache);
  void prepare(const Subject& subject);
  // Fills feasible_.
  void find_feasible(const Subject& subject);
  bool passes(const Subject& subject, NodeId node);
  static std::optional<Decision> decide_by_claims(const PodInfo& pod, const Cache& cache);
  NodeId best_of(const Subject& subject);
  // Why there is no feasible node.
  Decision refusal(const Subject& subject);
  void explain(const Subject& subject, NodeId node, Reasons& reasons);

  Filters object_filters_;
  Filters usage_filters_;
  // Those of both that refuse anything in the decision at hand.
  std::vector<Filter*> object_;
  std::vector<Filter*> usage_;
  Scores scores_;
  std::mt19937_64 random_;
  // Where in the nodes' order the next decision begins.
  size_t next_start_ = 0;

  std::vector<NodeId> feasible_;
  std::vector<int64_t> total_;
  std::vector<int64_t> one_score_;
};

}  // namespace sandboxlet::scheduler
