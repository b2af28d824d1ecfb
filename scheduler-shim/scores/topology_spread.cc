#include <cmath>
#include <limits>

#include "scheduler-shim/scores/scores.h"
#include "scheduler-shim/spread_counts.h"

namespace sandboxlet::scheduler {

namespace {

// Nodes that lack a key are told apart by this until all others are normalised.
constexpr int64_t kLacksKey = -1;

class TopologySpreadScore : public Score {
 public:
  int64_t weight() const override { return 2; }

  bool score(const Subject& subject, std::span<const NodeId> nodes,
             std::span<int64_t> scores) override {
    const auto& constraints = subject.pod_class.soft_spread;
    if (constraints.empty()) return false;
    counts_.compute(subject, constraints);
    find_weights(subject, nodes);
    for (size_t i = 0; i < nodes.size(); ++i) scores[i] = raw(subject, nodes[i]);
    normalize_fewest(scores);
    return true;
  }

 private:
  static bool has_keys(const Subject& subject, NodeId node) {
    const auto& constraints = subject.pod_class.soft_spread;
    return std::all_of(constraints.begin(), constraints.end(), [&](const SpreadRef& one) {
      return subject.cache.topology().domain(one.key, node) != kNoDomain;
    });
  }

  // The more domains a key has the fewer Sandboxes are in each: that is made up for.
  void find_weights(const Subject& subject, std::span<const NodeId> nodes) {
    weights_.clear();
    for (const SpreadRef& ref : subject.pod_class.soft_spread) {
      seen_.assign(subject.cache.topology().domains(ref.key), false);
      int domains = 0;
      for (const NodeId node : nodes) {
        if (!has_keys(subject, node)) continue;
        const Domain domain = subject.cache.topology().domain(ref.key, node);
        if (!seen_[domain]) ++domains;
        seen_[domain] = true;
      }
      weights_.push_back(std::log(domains + 2));
    }
  }

  int64_t raw(const Subject& subject, NodeId node) const {
    if (!has_keys(subject, node)) return kLacksKey;
    const auto& constraints = subject.pod_class.soft_spread;
    double sum = 0;
    for (size_t i = 0; i < constraints.size(); ++i) {
      const Domain domain = subject.cache.topology().domain(constraints[i].key, node);
      sum += counts_.in_domain(i, domain) * weights_[i] + constraints[i].constraint->max_skew - 1;
    }
    return std::llround(sum);
  }

  static void normalize_fewest(std::span<int64_t> scores) {
    int64_t least = std::numeric_limits<int64_t>::max();
    int64_t most = 0;
    for (const int64_t score : scores) {
      if (score == kLacksKey) continue;
      least = std::min(least, score);
      most = std::max(most, score);
    }
    for (int64_t& score : scores) {
      if (score == kLacksKey) {
        score = 0;
      } else {
        score = most == 0 ? kMaxScore : kMaxScore * (most + least - score) / most;
      }
    }
  }

  SpreadCounts counts_;
  // By constraint.
  std::vector<double> weights_;
  std::vector<bool> seen_;
};

}  // namespace

std::unique_ptr<Score> make_topology_spread_score() {
  return std::make_unique<TopologySpreadScore>();
}

}  // namespace sandboxlet::scheduler
