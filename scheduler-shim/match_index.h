#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "scheduler-shim/node_counts.h"
#include "scheduler-shim/pod_info.h"
#include "scheduler-shim/pool.h"

namespace sandboxlet::scheduler {

// Which Sandboxes a term of affinity or spread is about: those in one of the namespaces, or in one
// that the selector selects, with labels that the other selects.
struct MatchTerm {
  std::vector<std::string> namespaces;
  PodSelector namespace_selector;
  PodSelector selector;

  bool operator==(const MatchTerm&) const = default;
};
BOOST_DESCRIBE_STRUCT(MatchTerm, (), (namespaces, namespace_selector, selector))

// Sandboxes of which all terms are true.
struct Matcher {
  std::vector<MatchTerm> terms;
  // Spread does not count what is being deleted, affinity does (upstream).
  bool skips_deleting = false;

  bool operator==(const Matcher&) const = default;
};
BOOST_DESCRIBE_STRUCT(Matcher, (), (terms, skips_deleting))

using MatcherId = uint32_t;

// How many Sandboxes each matcher in use matches on each node, kept up to date as Sandboxes come
// and go, so that no decision looks at Sandboxes one by one. Equal matchers are one, and selectors
// are held against each different identity once. Belongs to the Cache.
class MatchIndex {
 public:
  // All Sandboxes of one identity.
  struct Group {
    std::shared_ptr<const PodIdentity> identity;
    int sandboxes = 0;
    std::vector<MatcherId> matched;
    // Where they are, and which of them are being deleted.
    NodeCounts present;
    NodeCounts deleting;
  };

  // Counts one more user of the matcher; release takes it back.
  MatcherId acquire(const Matcher& matcher);
  void release(MatcherId matcher);

  Group& enter(const std::shared_ptr<const PodIdentity>& identity);
  void leave(Group& group);
  // count more Sandboxes of the group on the node; fewer where it is negative.
  void add(Group& group, bool deleting, NodeId node, int32_t count);

  // The matchers in use that match a Sandbox of that identity, which need not have entered.
  std::vector<MatcherId> matching(const std::shared_ptr<const PodIdentity>& identity) const;
  const NodeCounts& counts(MatcherId matcher) const { return slots_[matcher].counts; }
  // Matchers are below this.
  size_t size() const { return slots_.size(); }

  // A namespace's labels, for namespaceSelectors; one that is not known has none. False where
  // nothing has changed.
  bool set_namespace(const std::string& name, Labels labels);

 private:
  struct Slot {
    const Matcher* matcher = nullptr;
    int users = 0;
    NodeCounts counts;
  };
  struct Hash {
    size_t operator()(const Matcher& matcher) const { return boost::hash<Matcher>()(matcher); }
  };

  const Labels& labels_of_namespace(const std::string& name) const;
  bool is_match(const MatchTerm& term, const PodIdentity& identity) const;
  bool is_match(const Matcher& matcher, const PodIdentity& identity) const;
  // Adds (or takes away, with sign -1) all that the group has to what the matcher counts.
  void count(const Group& group, Slot& slot, int32_t sign);
  std::vector<MatcherId> find_matching(const PodIdentity& identity) const;

  std::unordered_map<Matcher, MatcherId, Hash> by_matcher_;
  std::vector<Slot> slots_;
  std::vector<MatcherId> free_;
  std::unordered_map<const PodIdentity*, Group> groups_;
  std::unordered_map<std::string, Labels> namespaces_;
};

}  // namespace sandboxlet::scheduler
