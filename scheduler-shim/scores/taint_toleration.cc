#include "scheduler-shim/scores/scores.h"

namespace sandboxlet::scheduler {

namespace {

class TaintTolerationScore : public Score {
 public:
  int64_t weight() const override { return 3; }

  bool score(const Subject& subject, std::span<const NodeId> nodes,
             std::span<int64_t> scores) override {
    if (subject.cache.nodes_with_soft_taints() == 0) return false;
    const auto& tolerations = subject.spec().tolerations;
    for (size_t i = 0; i < nodes.size(); ++i) {
      const auto& taints = subject.node(nodes[i]).taints;
      scores[i] = std::count_if(taints.begin(), taints.end(), [&](const Taint& taint) {
        return taint.effect == TaintEffect::kPreferNoSchedule && !tolerates(tolerations, taint);
      });
    }
    normalize(scores, true);
    return true;
  }
};

}  // namespace

std::unique_ptr<Score> make_taint_toleration_score() {
  return std::make_unique<TaintTolerationScore>();
}

}  // namespace sandboxlet::scheduler
