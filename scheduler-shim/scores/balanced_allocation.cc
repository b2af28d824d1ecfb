#include <cmath>

#include "scheduler-shim/scores/scores.h"

namespace sandboxlet::scheduler {

namespace {

double share(int64_t requested, int64_t capacity) {
  return std::min(static_cast<double>(requested) / static_cast<double>(capacity), 1.0);
}

// kMaxScore where cpu and memory are used to the same share, less by their standard deviation.
int64_t balance(int64_t milli_cpu, int64_t memory, const Resources& capacity) {
  // Of one resource alone there is no deviation.
  if (capacity.milli_cpu == 0 || capacity.memory == 0) return kMaxScore;
  const double deviation =
      std::abs(share(milli_cpu, capacity.milli_cpu) - share(memory, capacity.memory)) / 2;
  return static_cast<int64_t>((1 - deviation) * static_cast<double>(kMaxScore));
}

class BalancedAllocation : public Score {
 public:
  int64_t weight() const override { return 1; }

  bool score(const Subject& subject, std::span<const NodeId> nodes,
             std::span<int64_t> scores) override {
    const Resources& wanted = subject.spec().requests;
    // Who requests nothing changes no balance, and must not flock to the balanced nodes.
    if (wanted.milli_cpu == 0 && wanted.memory == 0) return false;
    for (size_t i = 0; i < nodes.size(); ++i) {
      const NodeResources& node = subject.cache.nodes().resources(nodes[i]);
      const Resources& used = node.requested;
      const int64_t before = balance(used.milli_cpu, used.memory, node.allocatable);
      const int64_t after =
          balance(used.milli_cpu + wanted.milli_cpu, used.memory + wanted.memory, node.allocatable);
      scores[i] = kMaxScore / 2 + (kMaxScore / 2 + after - before) / 2;
    }
    return true;
  }
};

}  // namespace

std::unique_ptr<Score> make_balanced_allocation_score() {
  return std::make_unique<BalancedAllocation>();
}

}  // namespace sandboxlet::scheduler
