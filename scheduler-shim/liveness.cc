#include "scheduler-shim/liveness.h"

namespace sandboxlet::scheduler {

bool Liveness::note(const std::string& node, const std::string& renew_time, TimePoint now) {
  Lease& lease = leases_[node];
  if (lease.renew_time == renew_time) return false;
  lease.renew_time = renew_time;
  lease.changed_at = now;
  return !std::exchange(lease.alive, true);
}

void Liveness::expect(const std::string& node, TimePoint now) {
  leases_.try_emplace(node, Lease{"", now, false});
}

bool Liveness::end(const std::string& node, TimePoint now) {
  Lease& lease = leases_[node];
  lease.renew_time.clear();
  lease.changed_at = now;
  return std::exchange(lease.alive, false);
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

void Liveness::forgive(TimePoint now) {
  for (auto& [node, lease] : leases_) lease.changed_at = now;
}

std::optional<Liveness::Silence> Liveness::silence(const std::string& node) const {
  const auto found = leases_.find(node);
  if (found == leases_.end() || found->second.alive) return std::nullopt;
  return Silence{found->second.renew_time, found->second.changed_at};
}

}  // namespace sandboxlet::scheduler
