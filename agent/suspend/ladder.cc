#include "agent/suspend/ladder.h"

#include <algorithm>
#include <iterator>

namespace sandboxlet::agent {

api::Depth depth_to_be_at(api::Depth wanted, const Depths& possible) {
  const auto deeper = possible.upper_bound(wanted);
  return deeper == possible.begin() ? api::Depth::kRunning : *std::prev(deeper);
}

api::Depth deepened(const Descent& descent, Duration suspended, const DeepenAfter& after) {
  api::Depth by_itself = descent.pressed_to;
  for (const auto& [depth, time] : after) {
    if (suspended >= time) by_itself = std::max(by_itself, depth);
  }
  return std::max(descent.wanted, std::min(by_itself, descent.deepest));
}

std::optional<Duration> deepens_next(const Descent& descent, Duration suspended,
                                     const DeepenAfter& after) {
  const api::Depth now = deepened(descent, suspended, after);
  std::optional<Duration> next;
  for (const auto& [depth, time] : after) {
    const bool goes_deeper = depth > now && depth <= descent.deepest && time > suspended;
    if (goes_deeper && (!next || time < *next)) next = time;
  }
  return next;
}

std::optional<api::Depth> next_deeper(api::Depth now, api::Depth deepest, const Depths& possible) {
  const auto next = possible.upper_bound(now);
  if (next == possible.end() || *next > deepest) return std::nullopt;
  return *next;
}

}  // namespace sandboxlet::agent
