#pragma once

#include <map>
#include <string>

#include "agent/suspend/cgroups.h"
#include "agent/suspend/ladder.h"
#include "agent/suspend/memory_facts.h"

namespace sandboxlet::agent {

// What a node can do, and why not the rest.
struct NodeDepths {
  Depths possible;
  std::map<api::Depth, std::string> missing;
  bool operator==(const NodeDepths&) const = default;
};

// All but Hibernate can be done on any node that has a freezer. Swap may come and go while the
// agent runs, so this is asked anew. Pure.
NodeDepths possible_depths(ReclaimSupport reclaim, const MemoryFacts& memory);

}  // namespace sandboxlet::agent
