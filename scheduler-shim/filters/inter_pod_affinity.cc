#include "scheduler-shim/domain_table.h"
#include "scheduler-shim/filters/filters.h"

namespace sandboxlet::scheduler {

namespace {

class InterPodAffinity : public Filter {
 public:
  bool prepare(const Subject& subject) override {
    const Cache& cache = subject.cache;
    const PodClass& own = subject.pod_class;
    friends_.clear();
    foes_.clear();
    hosts_.clear();
    if (own.affinity) {
      for (const KeyId key : own.affinity_keys) {
        friends_.add(cache.topology(), key, cache.matches().counts(*own.affinity), 1);
      }
      is_first_ = is_first(subject);
    }
    for (const TermRef& ref : own.anti_affinity) {
      foes_.add(cache.topology(), ref.key, cache.matches().counts(ref.matcher), 1);
    }
    for (const MatcherId matcher : subject.matched) {
      cache.terms().each_about(matcher, [&](const CarriedTerm& term, const NodeCounts& carriers) {
        if (term.forbids) hosts_.add(cache.topology(), term.key, carriers, 1);
      });
    }
    return own.affinity || !foes_.empty() || !hosts_.empty();
  }

  bool check(const Subject& subject, NodeId node, Reasons* reasons) override {
    const Topology& topology = subject.cache.topology();
    if (!has_friends(subject, node)) {
      return refuse(reasons, "node(s) didn't match pod affinity rules",
                    kNodeChanged | kSandboxCame);
    }
    if (foes_.sum(topology, node) > 0) {
      return refuse(reasons, "node(s) didn't match pod anti-affinity rules",
                    kNodeChanged | kSandboxGone);
    }
    if (hosts_.sum(topology, node) > 0) {
      return refuse(reasons, "node(s) didn't satisfy existing pods anti-affinity rules",
                    kNodeChanged | kSandboxGone);
    }
    return true;
  }

 private:
  // Of Sandboxes that want to be with their like one must be the first: nobody matches its terms
  // anywhere, but it does itself.
  bool is_first(const Subject& subject) const {
    const PodClass& own = subject.pod_class;
    if (!subject.is_matched_by(*own.affinity)) return false;
    const Topology& topology = subject.cache.topology();
    for (const auto& [node, count] : subject.cache.matches().counts(*own.affinity)) {
      for (const KeyId key : own.affinity_keys) {
        if (topology.domain(key, node) != kNoDomain) return false;
      }
    }
    return true;
  }

  bool has_friends(const Subject& subject, NodeId node) const {
    for (const KeyId key : subject.pod_class.affinity_keys) {
      const Domain domain = subject.cache.topology().domain(key, node);
      if (domain == kNoDomain) return false;
      if (!is_first_ && friends_.at(key, domain) == 0) return false;
    }
    return true;
  }

  bool is_first_ = false;
  // By domain: Sandboxes that it must be with, must not be with, and that must not be with it.
  DomainTable friends_;
  DomainTable foes_;
  DomainTable hosts_;
};

}  // namespace

std::unique_ptr<Filter> make_inter_pod_affinity() { return std::make_unique<InterPodAffinity>(); }

}  // namespace sandboxlet::scheduler
