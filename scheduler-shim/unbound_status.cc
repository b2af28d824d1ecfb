#include "scheduler-shim/unbound_status.h"

#include <vector>

#include "api/conditions.h"
#include "api/json.h"
#include "api/sandbox.h"

namespace sandboxlet::scheduler {

namespace {

using Json = nlohmann::json;

api::Condition condition(const char* type, bool status, const char* reason, std::string message) {
  api::Condition condition;
  condition.type = type;
  condition.status = status ? "True" : "False";
  condition.reason = reason;
  condition.message = std::move(message);
  return condition;
}

std::vector<api::Condition> conditions_of(const Unbound& unbound) {
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
  const char* const why = unbound.is_gated ? "SchedulingGated" : "Unschedulable";
  return {condition("Ready", false, "DependenciesNotReady", "Pod exists with phase: Pending"),
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
  for (api::Condition& one : conditions_of(unbound)) {
    one.observedGeneration = meta.value("generation", int64_t{0});
    api::set_condition(next.conditions, std::move(one), now);
  }
  if (next.conditions == before) return nullptr;
  return {
      {"metadata",
       {{"uid", meta.value("uid", "")}, {"resourceVersion", meta.value("resourceVersion", "")}}},
      {"status", {{"conditions", api::write_status(next)["conditions"]}}}};
}

}  // namespace sandboxlet::scheduler
