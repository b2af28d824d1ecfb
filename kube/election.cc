#include "kube/election.h"

#include "api/time.h"

namespace sandboxlet::kube {

namespace {

using Json = nlohmann::json;

std::string holder_of(const Json& lease) {
  if (!lease.is_object()) return "";
  return lease.value(Json::json_pointer("/spec/holderIdentity"), "");
}

// As its holder has it, who may be of another version.
Duration duration_of(const Json& lease) {
  const Json::json_pointer place("/spec/leaseDurationSeconds");
  const int64_t seconds =
      lease.contains(place) && lease[place].is_number_integer() ? lease[place].get<int64_t>() : 0;
  return seconds > 0 ? std::chrono::seconds(seconds) : kLeaseDuration;
}

int64_t seconds_of(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

}  // namespace

void note_lease(Election& election, Json lease, TimePoint now) {
  const bool changed = !lease.is_object() || !election.lease.is_object() ||
                       lease.value("spec", Json()) != election.lease.value("spec", Json());
  if (changed) election.changed_at = now;
  election.lease = std::move(lease);
}

bool may_take(const Election& election, TimePoint now) {
  const std::string holder = holder_of(election.lease);
  if (holder.empty() || holder == election.identity) return true;
  return now - election.changed_at >= duration_of(election.lease);
}

Json taken(const Election& election, const std::string& name, WallTime now) {
  Json lease = election.lease;
  if (!lease.is_object()) {
    lease = {{"apiVersion", "coordination.k8s.io/v1"}, {"kind", "Lease"}};
    lease["metadata"]["name"] = name;
  }
  const std::string before = holder_of(lease);
  Json& spec = lease["spec"];
  if (before != election.identity) {
    spec["acquireTime"] = api::format_micro_time(now);
    const bool first = !spec.contains("leaseTransitions");
    spec["leaseTransitions"] = first ? 0 : spec["leaseTransitions"].get<int64_t>() + 1;
  }
  spec["holderIdentity"] = election.identity;
  spec["leaseDurationSeconds"] = seconds_of(election.duration);
  spec["renewTime"] = api::format_micro_time(now);
  return lease;
}

Json released(const Election& election, WallTime now) {
  Json lease = election.lease;
  Json& spec = lease["spec"];
  spec["holderIdentity"] = "";
  spec["leaseDurationSeconds"] = 1;
  spec["renewTime"] = api::format_micro_time(now);
  spec["acquireTime"] = api::format_micro_time(now);
  return lease;
}

}  // namespace sandboxlet::kube
