#include "scheduler-shim/filters/filters.h"

namespace sandboxlet::scheduler {

namespace {

class NodeUnschedulable : public Filter {
 public:
  bool prepare(const Subject& subject) override {
    const Taint taint{"node.kubernetes.io/unschedulable", "", TaintEffect::kNoSchedule};
    return !tolerates(subject.spec().tolerations, taint);
  }

  bool check(const Subject& subject, NodeId node, Reasons* reasons) override {
    if (!subject.node(node).unschedulable) return true;
    return refuse(reasons, "node(s) were unschedulable", kNodeChanged);
  }
};

}  // namespace

std::unique_ptr<Filter> make_node_unschedulable() { return std::make_unique<NodeUnschedulable>(); }

}  // namespace sandboxlet::scheduler
