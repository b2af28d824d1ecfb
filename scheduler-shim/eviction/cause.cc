#include "scheduler-shim/eviction/cause.h"

#include <algorithm>

#include "api/conditions.h"
#include "api/json.h"
#include "kube/fields.h"
#include "scheduler-shim/takes_traffic.h"

namespace sandboxlet::eviction {

namespace {

using Json = nlohmann::json;
using scheduler::Taint;
using scheduler::TaintEffect;

bool is_suspension_wanted(const Json& sandbox) {
  return kube::text_at(sandbox, "/spec/operatingMode") == "Suspended" ||
         sandbox.value(Json::json_pointer("/spec/pause"), false);
}

// The part that matters here.
api::SandboxStatus status_of(const Json& sandbox) {
  Json part = Json::object();
  const Json status = sandbox.value("status", Json::object());
  for (const char* field : {"nodeName", "conditions", "eviction", "evicted"}) {
    if (const auto found = status.find(field); found != status.end()) part[field] = *found;
  }
  return api::read_parsed({{"status", std::move(part)}}).sandbox.status;
}

bool tolerates_cordon(const Resident& resident) {
  return stays_for(resident.tolerations, {kUnschedulable, "", TaintEffect::kNoSchedule}) !=
         std::chrono::seconds(0);
}

// So it evicts nobody where the core Node says it.
bool tells_of_kubelet(const Taint& taint) {
  return taint.key == kNotReady || taint.key == kUnreachable;
}

}  // namespace

Resident read_resident(const Json& sandbox, TimePoint now) {
  const api::SandboxStatus status = status_of(sandbox);
  const auto* const ready = api::find_condition(status.conditions, "Ready");
  const std::string why = ready == nullptr ? "" : ready->reason;
  Resident resident;
  resident.ref = scheduler::sandbox_ref(sandbox);
  resident.node = status.nodeName;
  resident.tolerations = read_tolerations(sandbox);
  resident.is_deleted = !kube::text_at(sandbox, "/metadata/deletionTimestamp").empty();
  resident.is_over = api::is_true(status.conditions, "Finished") || why == "SandboxExpired";
  resident.wants_suspension = is_suspension_wanted(sandbox);
  const bool is_up_to_users = !resident.wants_suspension && scheduler::takes_traffic(sandbox);
  resident.is_suspended = api::is_true(status.conditions, "Suspended") && !is_up_to_users;
  resident.is_marked = status.eviction.has_value();
  resident.is_done = resident.is_marked && status.evicted == status.eviction->since;
  const auto* const stopping = api::find_condition(status.conditions, "Stopping");
  resident.is_stopping = stopping != nullptr && stopping->status == "True";
  const bool stops_for_it = resident.is_stopping && stopping->reason == "SandboxEvicted";
  resident.has_begun = why == "SandboxEvicted" || stops_for_it || resident.is_done;
  resident.here_since = now;
  return resident;
}

EvictingNode read_node(const scheduler::NodeInfo* sandbox_node, const scheduler::NodeInfo* core,
                       const EvictingNode& before, TimePoint now) {
  EvictingNode node;
  node.is_known = sandbox_node != nullptr;
  node.has_core = core != nullptr;
  node.is_drained = before.is_drained;
  const auto add = [&](const scheduler::NodeInfo& info, bool is_core) {
    node.is_cordoned = node.is_cordoned || info.unschedulable;
    for (const Taint& taint : info.taints) {
      if (taint.effect != TaintEffect::kNoExecute || (is_core && tells_of_kubelet(taint))) continue;
      const auto known =
          std::ranges::find_if(before.taints, [&](const auto& one) { return one.taint == taint; });
      node.taints.push_back({taint, known == before.taints.end() ? now : known->since});
    }
  };
  if (sandbox_node == nullptr) return node;
  add(*sandbox_node, false);
  if (core != nullptr) add(*core, true);
  return node;
}

bool holds_drain(const Resident& resident) {
  if (tolerates_cordon(resident)) return false;
  if (resident.is_over) return resident.is_stopping;
  return !resident.is_suspended;
}

std::optional<Cause> cause_of(const Resident& resident, const EvictingNode& node) {
  if (resident.is_deleted || resident.is_over) return std::nullopt;
  if (node.is_drained && !resident.wants_suspension && holds_drain(resident)) {
    return Cause{TimePoint::min(), "NodeDrained", "Node " + resident.node + " is being drained"};
  }
  std::optional<Cause> first;
  for (const auto& [taint, since] : node.taints) {
    const auto stays = stays_for(resident.tolerations, taint);
    if (!stays) continue;
    const TimePoint due = std::max(since, resident.here_since) + *stays;
    if (first && first->due <= due) continue;
    first =
        Cause{due, "NoExecuteTaint",
              "Node " + resident.node + " has the taint {" + taint.key + ": " + taint.value + "}"};
  }
  return first;
}

}  // namespace sandboxlet::eviction
