#include <algorithm>

#include "scheduler-shim/exclusive_claims.h"
#include "scheduler-shim/filters/filters.h"

namespace sandboxlet::scheduler {

namespace {

class VolumeRestrictions : public Filter {
 public:
  bool prepare(const Subject& subject) override {
    const VolumeIndex& volumes = subject.cache.volumes();
    const auto exclusive = exclusive_claims(subject.pod, volumes);
    return std::any_of(exclusive.begin(), exclusive.end(), [&](const std::string& name) {
      return volumes.has_other_user(claim_key(subject.pod.identity->namespace_, name),
                                    subject.pod.uid);
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
