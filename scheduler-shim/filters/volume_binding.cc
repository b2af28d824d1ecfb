#include <optional>

#include "scheduler-shim/claim_fit.h"
#include "scheduler-shim/filters/filters.h"

namespace sandboxlet::scheduler {

namespace {

class VolumeBinding : public Filter {
 public:
  bool prepare(const Subject& subject) override {
    fit_.reset();
    if (!subject.pod.claims) return false;
    fit_.emplace(subject.pod, subject.cache.volumes());
    return true;
  }

  bool check(const Subject& subject, NodeId node, Reasons* reasons) override {
    const ClaimFit::Verdict verdict = fit_->check(subject.node(node));
    if (verdict.fits()) return true;
    if (reasons != nullptr) explain(verdict, *reasons);
    return false;
  }

 private:
  static void explain(const ClaimFit::Verdict& verdict, Reasons& reasons) {
    const auto tell = [&](bool is_so, const char* text, Wakes cured_by) {
      if (is_so) reasons.push_back({text, cured_by | kNodeChanged});
    };
    tell(verdict.is_other_node, "node(s) didn't match PersistentVolume's node affinity", kNothing);
    tell(verdict.has_no_volume, "node(s) didn't find available persistent volumes to bind",
         kVolumesChanged);
    tell(verdict.has_no_room, "node(s) did not have enough free storage",
         kVolumesChanged | kSandboxGone);
    tell(verdict.is_volume_missing,
         "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)", kNothing);
  }

  std::optional<ClaimFit> fit_;
};

}  // namespace

std::unique_ptr<Filter> make_volume_binding() { return std::make_unique<VolumeBinding>(); }

}  // namespace sandboxlet::scheduler
