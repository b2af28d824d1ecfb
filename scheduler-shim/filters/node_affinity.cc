#include "scheduler-shim/filters/filters.h"

namespace sandboxlet::scheduler {

namespace {

class NodeAffinity : public Filter {
 public:
  bool prepare(const Subject& subject) override {
    return !subject.spec().node_selector.empty() || subject.spec().requires_node_terms;
  }

  bool check(const Subject& subject, NodeId node, Reasons* reasons) override {
    if (subject.selects(node)) return true;
    return refuse(reasons, "node(s) didn't match Pod's node affinity/selector", kNodeChanged);
  }
};

}  // namespace

std::unique_ptr<Filter> make_node_affinity() { return std::make_unique<NodeAffinity>(); }

}  // namespace sandboxlet::scheduler
