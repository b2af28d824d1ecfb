#include "scheduler-shim/filters/filters.h"

namespace sandboxlet::scheduler {

namespace {

class RuntimeHandler : public Filter {
 public:
  bool prepare(const Subject& subject) override { return !subject.spec().runtime_handler.empty(); }

  bool check(const Subject& subject, NodeId node, Reasons* reasons) override {
    if (subject.node(node).runtime_handlers.contains(subject.spec().runtime_handler)) return true;
    return refuse(reasons, "node(s) didn't have the requested runtime handler", kNodeChanged);
  }
};

}  // namespace

std::unique_ptr<Filter> make_runtime_handler() { return std::make_unique<RuntimeHandler>(); }

}  // namespace sandboxlet::scheduler
