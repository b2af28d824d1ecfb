#include <algorithm>

#include "scheduler-shim/filters/filters.h"

namespace sandboxlet::scheduler {

namespace {

class VolumeRestrictions : public Filter {
 public:
  bool prepare(const Subject& subject) override {
    if (!subject.pod.claims) return false;
    const VolumeIndex& volumes = subject.cache.volumes();
    return std::any_of(
        subject.pod.claims->begin(), subject.pod.claims->end(), [&](const PodClaim& used) {
          const std::string key = claim_key(subject.pod.identity->namespace_, used.name);
          const ClaimInfo* const claim = volumes.claim(key);
          return claim != nullptr && (claim->access_modes & kReadWriteOncePod) != 0 &&
                 volumes.has_other_user(key, subject.pod.uid);
        });
  }

  bool check(const Subject& /*subject*/, NodeId /*node*/, Reasons* reasons) override {
    return refuse(reasons, kIsTaken, kSandboxGone);
  }
};

}  // namespace

std::unique_ptr<Filter> make_volume_restrictions() {
  return std::make_unique<VolumeRestrictions>();
}

}  // namespace sandboxlet::scheduler
