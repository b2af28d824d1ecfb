#include "scheduler-shim/filters/filters.h"

namespace sandboxlet::scheduler {

namespace {

class NodeName : public Filter {
 public:
  bool prepare(const Subject& subject) override { return !subject.spec().node_name.empty(); }

  bool check(const Subject& subject, NodeId node, Reasons* reasons) override {
    if (subject.node(node).name == subject.spec().node_name) return true;
    return refuse(reasons, "node(s) didn't match the requested node name", kNodeChanged);
  }
};

}  // namespace

std::unique_ptr<Filter> make_node_name() { return std::make_unique<NodeName>(); }

}  // namespace sandboxlet::scheduler
