#include "scheduler-shim/filters/filters.h"

namespace sandboxlet::scheduler {

namespace {

class NodeReadiness : public Filter {
 public:
  bool prepare(const Subject& /*subject*/) override { return true; }

  bool check(const Subject& subject, NodeId node, Reasons* reasons) override {
    if (subject.node(node).ready && subject.cache.nodes()[node].alive) return true;
    return refuse(reasons, "node(s) were not ready", kNodeChanged);
  }
};

}  // namespace

std::unique_ptr<Filter> make_node_readiness() { return std::make_unique<NodeReadiness>(); }

}  // namespace sandboxlet::scheduler
