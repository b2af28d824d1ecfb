#include "scheduler-shim/domain_table.h"
#include "scheduler-shim/scores/scores.h"

namespace sandboxlet::scheduler {

namespace {

class InterPodAffinityScore : public Score {
 public:
  int64_t weight() const override { return 2; }

  bool score(const Subject& subject, std::span<const NodeId> nodes,
             std::span<int64_t> scores) override {
    sum_up(subject);
    if (domains_.empty() || nodes.empty()) return false;
    for (size_t i = 0; i < nodes.size(); ++i) {
      scores[i] = domains_.sum(subject.cache.topology(), nodes[i]);
    }
    const auto [low, high] = std::minmax_element(scores.begin(), scores.end());
    // By value: what they point at is written below.
    const int64_t least = *low;
    const int64_t range = *high - least;
    for (int64_t& score : scores) score = range == 0 ? 0 : kMaxScore * (score - least) / range;
    return true;
  }

 private:
  void sum_up(const Subject& subject) {
    const Cache& cache = subject.cache;
    domains_.clear();
    for (const TermRef& ref : subject.pod_class.preferred_affinity) {
      domains_.add(cache.topology(), ref.key, cache.matches().counts(ref.matcher), ref.weight);
    }
    for (const MatcherId matcher : subject.matched) {
      cache.terms().each_about(matcher, [&](const CarriedTerm& term, const NodeCounts& carriers) {
        if (!term.forbids) domains_.add(cache.topology(), term.key, carriers, term.weight);
      });
    }
  }

  DomainTable domains_;
};

}  // namespace

std::unique_ptr<Score> make_inter_pod_affinity_score() {
  return std::make_unique<InterPodAffinityScore>();
}

}  // namespace sandboxlet::scheduler
