#include "scheduler-shim/eviction/mark.h"

#include "kube/fields.h"
#include "scheduler-shim/lost_status.h"

namespace sandboxlet::eviction {

using Json = nlohmann::json;

Step next_step(const Resident& resident, bool is_due) {
  // A deleted one ends where it is.
  if (resident.node.empty() || resident.is_deleted) return Step::kNothing;
  if (!resident.is_marked) return is_due ? Step::kMark : Step::kNothing;
  if (resident.is_done) return Step::kUnbind;
  return is_due || resident.has_begun ? Step::kNothing : Step::kTakeBack;
}

Json patch_for(Step step, const Json& sandbox, const Cause* cause, const api::Time& now) {
  switch (step) {
    case Step::kNothing:
      return nullptr;
    case Step::kMark:
      return scheduler::status_over(
          sandbox,
          {{"eviction", {{"reason", cause->reason}, {"message", cause->message}, {"since", now}}}});
    case Step::kTakeBack:
      return scheduler::status_over(sandbox, {{"eviction", nullptr}});
    case Step::kUnbind:
      return scheduler::unbind_patch(sandbox, "Evicted",
                                     kube::text_at(sandbox, "/status/eviction/message"), now);
  }
  return nullptr;
}

}  // namespace sandboxlet::eviction
