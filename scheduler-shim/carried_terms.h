#pragma once

#include <boost/describe.hpp>
#include <unordered_map>
#include <vector>

#include "scheduler-shim/match_index.h"
#include "scheduler-shim/topology.h"

namespace sandboxlet::scheduler {

// A term of affinity as the Sandboxes that carry it bring it to their nodes: others, which the
// matcher matches, must keep away from (required anti-affinity) or are scored in its domain.
struct CarriedTerm {
  MatcherId matcher = 0;
  KeyId key = 0;
  // True: nothing that matches may come into the domain. False: it adds weight to the score there.
  bool forbids = false;
  int32_t weight = 0;

  bool operator==(const CarriedTerm&) const = default;
};
BOOST_DESCRIBE_STRUCT(CarriedTerm, (), (matcher, key, forbids, weight))

using TermId = uint32_t;

// How many Sandboxes on each node carry each term. It makes (anti-)affinity symmetric without a
// look at each Sandbox. Belongs to the Cache; matchers and keys are acquired by who acquires terms.
class CarriedTerms {
 public:
  TermId acquire(const CarriedTerm& term);
  void release(TermId term);
  void add(TermId term, NodeId node, int32_t count) { slots_[term].carriers.add(node, count); }

  // Runs visit(term, carriers) for each term about what the matcher matches.
  template <class Visit>
  void each_about(MatcherId matcher, const Visit& visit) const {
    if (matcher >= by_matcher_.size()) return;
    for (const TermId id : by_matcher_[matcher]) visit(slots_[id].term, slots_[id].carriers);
  }

 private:
  struct Slot {
    CarriedTerm term;
    int users = 0;
    NodeCounts carriers;
  };
  struct Hash {
    size_t operator()(const CarriedTerm& term) const { return boost::hash<CarriedTerm>()(term); }
  };

  std::unordered_map<CarriedTerm, TermId, Hash> by_term_;
  std::vector<Slot> slots_;
  std::vector<TermId> free_;
  std::vector<std::vector<TermId>> by_matcher_;
};

}  // namespace sandboxlet::scheduler
