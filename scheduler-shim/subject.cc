#include "scheduler-shim/subject.h"

namespace sandboxlet::scheduler {

bool Subject::selects(NodeId id) const {
  if (spec().node_selector.empty() && !spec().requires_node_terms) return true;
  return pod_class.affinity_verdicts.get(id, cache.nodes().generation(id), [&]() -> uint8_t {
    return selects_node(spec(), node(id)) ? 1 : 0;
  }) != 0;
}

}  // namespace sandboxlet::scheduler
