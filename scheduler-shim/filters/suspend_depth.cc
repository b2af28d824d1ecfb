#include "scheduler-shim/filters/filters.h"

namespace sandboxlet::scheduler {

namespace {

class SuspendDepth : public Filter {
 public:
  bool prepare(const Subject& subject) override {
    return subject.spec().suspend_depth != api::Depth::kRunning;
  }

  bool check(const Subject& subject, NodeId node, Reasons* reasons) override {
    if (subject.node(node).depths.contains(subject.spec().suspend_depth)) return true;
    return refuse(reasons, "node(s) didn't support the requested suspend depth", kNodeChanged);
  }
};

}  // namespace

std::unique_ptr<Filter> make_suspend_depth() { return std::make_unique<SuspendDepth>(); }

}  // namespace sandboxlet::scheduler
