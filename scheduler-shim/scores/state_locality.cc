#include "scheduler-shim/scores/scores.h"

namespace sandboxlet::scheduler {

namespace {

class StateLocality : public Score {
 public:
  // One more than all other weights together: no sum of theirs outdoes the state.
  int64_t weight() const override { return 13; }

  bool score(const Subject& subject, std::span<const NodeId> nodes,
             std::span<int64_t> scores) override {
    if (subject.pod.state_node.empty()) return false;
    const NodeId holder = subject.cache.nodes().find(subject.pod.state_node);
    for (size_t i = 0; i < nodes.size(); ++i) scores[i] = nodes[i] == holder ? kMaxScore : 0;
    return true;
  }
};

}  // namespace

std::unique_ptr<Score> make_state_locality_score() { return std::make_unique<StateLocality>(); }

}  // namespace sandboxlet::scheduler
