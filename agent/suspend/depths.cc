#include "agent/suspend/depths.h"

namespace sandboxlet::agent {

namespace {

// Empty where it can be done.
std::string why_no_hibernate(ReclaimSupport reclaim, const MemoryFacts& memory) {
  switch (reclaim) {
    case ReclaimSupport::kNoMemoryController:
      return "this node has no cgroup controller for memory";
    case ReclaimSupport::kNoMemoryReclaim:
      return "this node's kernel has no memory.reclaim (Linux 5.19)";
    case ReclaimSupport::kSupported:
      break;
  }
  return memory.swap_total > 0 ? "" : "this node has no swap: see tools/node-setup";
}

}  // namespace

NodeDepths possible_depths(ReclaimSupport reclaim, const MemoryFacts& memory) {
  NodeDepths depths{{api::Depth::kFreeze, api::Depth::kStop, api::Depth::kTerminate}, {}};
  const std::string why_not = why_no_hibernate(reclaim, memory);
  if (why_not.empty()) {
    depths.possible.insert(api::Depth::kHibernate);
  } else {
    depths.missing[api::Depth::kHibernate] = why_not;
  }
  return depths;
}

}  // namespace sandboxlet::agent
