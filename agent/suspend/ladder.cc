#include "agent/suspend/ladder.h"

#include <iterator>

namespace sandboxlet::agent {

api::Depth depth_to_be_at(api::Depth wanted, const Depths& possible) {
  const auto deeper = possible.upper_bound(wanted);
  return deeper == possible.begin() ? api::Depth::kRunning : *std::prev(deeper);
}

}  // namespace sandboxlet::agent
