#include "scheduler-shim/unbound_status.h"

#include <vector>

#include "api/conditions.h"
#include "api/json.h"
#include "api/sandbox.h"
#include "kube/fields.h"
#include "scheduler-shim/condition_of.h"
#include "scheduler-shim/sandbox_ref.h"

namespace sandboxlet::scheduler {

namespace {

using Json = nlohmann::json;

constexpr char kGated[] = "SchedulingGated";

api::Condition condition(const char* type, bool status, const char* reason, std::string message) {
  api::Condition condition;
  condition.type = type;
  condition.status = status ? "True" : "False";
  condition.reason = reason;
  condition.message = std::move(message);
  return condition;
}

// Where a Service is asked for, or is there and nobody says that it should not be
// (agent-sandbox: computeReadyCondition).
std::string pending(const Json& sandbox) {
  std::string pod = "Pod exists with phase: Pending";
  const bool is_there = !kube::text_at(sandbox, "/status/service").empty();
  const Json::json_pointer service("/spec/service");
  const bool is_set = sandbox.contains(service) && sandbox[service].is_boolean();
  if (!(is_set ? sandbox[service].get<bool>() : is_there)) return pod;
  return pod + (is_there ? "; Service Exists" : "; Service does not exist");
}

std::vector<api::Condition> conditions_of(const Json& sandbox, const Unbound& unbound) {
  if (unbound.expired) {
    return {condition("Ready", false, "SandboxExpired", "Sandbox has expired"),
            condition("Suspended", false, "NotSuspended", "Sandbox is not suspended")};
  }
  if (unbound.suspended) {
    return {condition("Ready", false, "SandboxSuspended", "Sandbox is suspended"),
            condition("Suspended", true, "PodTerminated",
                      "Pod has been terminated. Sandbox is suspended")};
  }
  // Of a Pod with gates the API server says so itself (registry/core/pod: strategy.go).
  const char* const why = unbound.is_gated ? kGated : "Unschedulable";
  return {condition("Ready", false, "DependenciesNotReady", pending(sandbox)),
          condition("Suspended", false, "NotSuspended", "Sandbox is not suspended"),
          condition("PodScheduled", false, why, unbound.message)};
}

}  // namespace

Json unbound_patch(const Json& sandbox, const Unbound& unbound, const api::Time& now) {
  const Json meta = sandbox.value("metadata", Json::object());
  const auto seen = api::read_parsed({{"status", sandbox.value("status", Json::object())}});
  const std::vector<api::Condition>& before = seen.sandbox.status.conditions;
  api::SandboxStatus next;
  next.conditions = before;
  if (unbound.suspended || unbound.expired) {
    api::remove_condition(next.conditions, "PodScheduled");
  }
  for (api::Condition& one : conditions_of(sandbox, unbound)) {
    one.observedGeneration = meta.value("generation", int64_t{0});
    api::set_condition(next.conditions, std::move(one), now);
  }
  if (next.conditions == before) return nullptr;
  return status_over(sandbox, {{"conditions", api::write_status(next)["conditions"]}});
}

std::optional<Unbound> outdated(const Json& sandbox) {
  const Json& scheduled = condition_of(sandbox, "PodScheduled");
  const Json& ready = condition_of(sandbox, "Ready");
  const bool is_pending = kube::text_at(scheduled, "/status") == "False" &&
                          kube::text_at(ready, "/reason") == "DependenciesNotReady";
  if (!is_pending || kube::text_at(ready, "/message") == pending(sandbox)) return std::nullopt;
  Unbound said;
  said.is_gated = kube::text_at(scheduled, "/reason") == kGated;
  said.message = kube::text_at(scheduled, "/message");
  return said;
}

}  // namespace sandboxlet::scheduler
