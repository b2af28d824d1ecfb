#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scheduler-shim/carried_terms.h"
#include "scheduler-shim/match_index.h"
#include "scheduler-shim/pod_info.h"
#include "scheduler-shim/topology.h"
#include "scheduler-shim/verdicts.h"

namespace sandboxlet::scheduler {

// A term with its selector and topology key resolved to what the indexes know.
struct TermRef {
  MatcherId matcher = 0;
  KeyId key = 0;
  int32_t weight = 0;
};

struct SpreadRef {
  const SpreadConstraint* constraint = nullptr;
  MatcherId matcher = 0;
  KeyId key = 0;
};

// All Sandboxes that are the same to each node: of one template, and where that has affinity or
// spread, of one namespace and with the labels that its matchLabelKeys name.
struct PodClass {
  std::shared_ptr<const PodTemplateInfo> spec;
  // The namespace and labels, as one text; empty where they do not matter.
  std::string variant;
  // How many Sandboxes of it are on nodes.
  int sandboxes = 0;

  // Sandboxes that match all required terms of affinity at once, and the terms' keys.
  std::optional<MatcherId> affinity;
  std::vector<KeyId> affinity_keys;
  std::vector<TermRef> anti_affinity;
  std::vector<TermRef> preferred_affinity;
  std::vector<SpreadRef> hard_spread;
  std::vector<SpreadRef> soft_spread;
  std::vector<TermId> carried;
  // All that it has acquired, to be released with it.
  std::vector<MatcherId> matchers;
  std::vector<KeyId> keys;

  // Which filter of those that look at the node's object alone refuses it, and whether its node
  // affinity selects it.
  Verdicts object_verdicts;
  Verdicts affinity_verdicts;
  // Among those whose verdicts are remembered; among those without Sandboxes that are kept.
  bool warm = false;
  bool parked = false;
};

// The classes in use. One without Sandboxes is kept a while: the next decision is likely of it.
// Belongs to the Cache, as the indexes do.
class PodClasses {
 public:
  PodClasses(MatchIndex& matches, Topology& topology, CarriedTerms& terms)
      : matches_(matches), topology_(topology), terms_(terms) {}

  // The class of that Sandbox. Good until the next call of get or drop.
  PodClass& get(const PodInfo& pod);
  // The same, with room for verdicts: only a few classes remember them at once.
  PodClass& get_warm(const PodInfo& pod);

  void retain(PodClass& pod_class) { ++pod_class.sandboxes; }
  void drop(PodClass& pod_class);

  size_t size() const { return by_key_.size(); }

 private:
  using Key = std::pair<const PodTemplateInfo*, std::string>;

  void resolve_affinity(const PodIdentity& identity, PodClass& into);
  void resolve_spread(const PodIdentity& identity, PodClass& into);
  MatcherId matcher_for(PodClass& user, const Matcher& matcher);
  KeyId key_for(PodClass& user, const std::string& name);
  void park(PodClass& pod_class);
  void destroy(PodClass& pod_class);

  MatchIndex& matches_;
  Topology& topology_;
  CarriedTerms& terms_;
  std::map<Key, std::unique_ptr<PodClass>> by_key_;
  std::deque<PodClass*> parked_;
  std::deque<PodClass*> warm_;
};

}  // namespace sandboxlet::scheduler
