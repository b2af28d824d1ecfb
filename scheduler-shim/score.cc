#include "scheduler-shim/score.h"

#include <algorithm>

#include "scheduler-shim/scores/scores.h"

namespace sandboxlet::scheduler {

Scores make_scores(FitStrategy strategy) {
  Scores scores;
  scores.push_back(make_resources_fit_score(strategy));
  scores.push_back(make_balanced_allocation_score());
  scores.push_back(make_taint_toleration_score());
  scores.push_back(make_node_affinity_score());
  scores.push_back(make_inter_pod_affinity_score());
  scores.push_back(make_topology_spread_score());
  scores.push_back(make_image_locality_score());
  scores.push_back(make_state_locality_score());
  return scores;
}

void normalize(std::span<int64_t> scores, bool reversed) {
  int64_t highest = 0;
  for (const int64_t score : scores) highest = std::max(highest, score);
  for (int64_t& score : scores) {
    if (highest > 0) score = kMaxScore * score / highest;
    if (reversed) score = kMaxScore - score;
  }
}

}  // namespace sandboxlet::scheduler
