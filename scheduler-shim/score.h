#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "scheduler-shim/subject.h"

namespace sandboxlet::scheduler {

inline constexpr int64_t kMaxScore = 100;

// One wish on which of the nodes that may take a Sandbox should. An object of it serves one
// decision after another.
class Score {
 public:
  virtual ~Score() = default;
  // What its scores are multiplied by before they are added to those of others.
  virtual int64_t weight() const = 0;
  // Writes 0..kMaxScore for each node, as upstream normalises it. False where all nodes would get
  // the same, so that nothing was written.
  virtual bool score(const Subject& subject, std::span<const NodeId> nodes,
                     std::span<int64_t> scores) = 0;
};

using Scores = std::vector<std::unique_ptr<Score>>;

// How the share of a node's cpu and memory that is requested is judged.
enum class FitStrategy {
  kLeastAllocated,  // spreads the load
  kMostAllocated,   // fills nodes before others are begun
};

Scores make_scores(FitStrategy strategy);

// Makes the highest one kMaxScore and the others proportional to it; reversed, the other way round
// (upstream: helper.DefaultNormalizeScore).
void normalize(std::span<int64_t> scores, bool reversed);

}  // namespace sandboxlet::scheduler
