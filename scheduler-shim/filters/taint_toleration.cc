#include "scheduler-shim/filters/filters.h"

namespace sandboxlet::scheduler {

namespace {

class TaintToleration : public Filter {
 public:
  bool prepare(const Subject& /*subject*/) override { return true; }

  bool check(const Subject& subject, NodeId node, Reasons* reasons) override {
    const Taint* taint = find_untolerated(subject.node(node).taints, subject.spec().tolerations);
    if (taint == nullptr) return true;
    if (reasons == nullptr) return false;
    return refuse(reasons,
                  "node(s) had untolerated taint {" + taint->key + ": " + taint->value + "}",
                  kNodeChanged);
  }
};

}  // namespace

std::unique_ptr<Filter> make_taint_toleration() { return std::make_unique<TaintToleration>(); }

}  // namespace sandboxlet::scheduler
