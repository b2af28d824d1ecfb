#include "scheduler-shim/scores/scores.h"

namespace sandboxlet::scheduler {

namespace {

class NodeAffinityScore : public Score {
 public:
  int64_t weight() const override { return 2; }

  bool score(const Subject& subject, std::span<const NodeId> nodes,
             std::span<int64_t> scores) override {
    const auto& terms = subject.spec().preferred_node_terms;
    if (terms.empty()) return false;
    for (size_t i = 0; i < nodes.size(); ++i) {
      scores[i] = 0;
      for (const NodeTerm& term : terms) {
        if (selects_node(term, subject.node(nodes[i]))) scores[i] += term.weight;
      }
    }
    normalize(scores, false);
    return true;
  }
};

}  // namespace

std::unique_ptr<Score> make_node_affinity_score() { return std::make_unique<NodeAffinityScore>(); }

}  // namespace sandboxlet::scheduler
