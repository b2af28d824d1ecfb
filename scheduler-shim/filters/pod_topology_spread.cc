#include "scheduler-shim/filters/filters.h"
#include "scheduler-shim/spread_counts.h"

namespace sandboxlet::scheduler {

namespace {

constexpr char kUneven[] = "node(s) didn't match pod topology spread constraints";
constexpr char kLacksKey[] =
    "node(s) didn't match pod topology spread constraints (missing required label)";

class PodTopologySpread : public Filter {
 public:
  bool prepare(const Subject& subject) override {
    const auto& constraints = subject.pod_class.hard_spread;
    if (constraints.empty()) return false;
    counts_.compute(subject, constraints);
    return true;
  }

  bool check(const Subject& subject, NodeId node, Reasons* reasons) override {
    const auto& constraints = subject.pod_class.hard_spread;
    for (size_t i = 0; i < constraints.size(); ++i) {
      const SpreadRef& ref = constraints[i];
      const Domain domain = subject.cache.topology().domain(ref.key, node);
      if (domain == kNoDomain) {
        return refuse(reasons, kLacksKey, kNodeChanged);
      }
      const int32_t itself = subject.is_matched_by(ref.matcher) ? 1 : 0;
      const int32_t skew = counts_.in_domain(i, domain) + itself - counts_.minimum(i);
      if (skew > ref.constraint->max_skew) {
        return refuse(reasons, kUneven, kNodeChanged | kSandboxGone | kSandboxCame);
      }
    }
    return true;
  }

 private:
  SpreadCounts counts_;
};

}  // namespace

std::unique_ptr<Filter> make_pod_topology_spread() { return std::make_unique<PodTopologySpread>(); }

}  // namespace sandboxlet::scheduler
