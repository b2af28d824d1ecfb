#include "scheduler-shim/liveness.h"

namespace sandboxlet::scheduler {

bool Liveness::note(const std::string& node, const std::string& renew_time, TimePoint now) {
  Lease& lease = leases_[node];
  if (lease.renew_time == renew_time) return false;
  lease.renew_time = renew_time;
  lease.changed_at = now;
  return !std::exchange(lease.alive, true);
}

std::vector<std::string> Liveness::expire(TimePoint now) {
  std::vector<std::string> dead;
  for (auto& [node, lease] : leases_) {
    if (!lease.alive || now - lease.changed_at < lasts_) continue;
    lease.alive = false;
    dead.push_back(node);
  }
  return dead;
}

}  // namespace sandboxlet::scheduler
