#include "scheduler-shim/scores/scores.h"

namespace sandboxlet::scheduler {

namespace {

int64_t least(int64_t requested, int64_t capacity) {
  return requested > capacity ? 0 : (capacity - requested) * kMaxScore / capacity;
}

// What is used beyond the capacity counts as all of it.
int64_t most(int64_t requested, int64_t capacity) {
  return std::min(requested, capacity) * kMaxScore / capacity;
}

// The mean of cpu's and memory's score; what a node does not have at all is left out.
template <class Judge>
int64_t mean(const PodTemplateInfo& spec, const NodeResources& node, const Judge& judge) {
  int64_t sum = 0;
  int64_t judged = 0;
  const auto add = [&](int64_t requested, int64_t capacity) {
    if (capacity == 0) return;
    sum += judge(requested, capacity);
    ++judged;
  };
  add(node.scoring_milli_cpu + spec.scoring_milli_cpu, node.allocatable.milli_cpu);
  add(node.scoring_memory + spec.scoring_memory, node.allocatable.memory);
  return judged == 0 ? 0 : sum / judged;
}

class ResourcesFit : public Score {
 public:
  explicit ResourcesFit(FitStrategy strategy) : strategy_(strategy) {}

  int64_t weight() const override { return 1; }

  bool score(const Subject& subject, std::span<const NodeId> nodes,
             std::span<int64_t> scores) override {
    for (size_t i = 0; i < nodes.size(); ++i) {
      const NodeResources& node = subject.cache.nodes().resources(nodes[i]);
      scores[i] = strategy_ == FitStrategy::kLeastAllocated ? mean(subject.spec(), node, least)
                                                            : mean(subject.spec(), node, most);
    }
    return true;
  }

 private:
  FitStrategy strategy_;
};

}  // namespace

std::unique_ptr<Score> make_resources_fit_score(FitStrategy strategy) {
  return std::make_unique<ResourcesFit>(strategy);
}

}  // namespace sandboxlet::scheduler
