#include "agent/source/api_object.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "api/conditions.h"
#include "api/defaults.h"
#include "api/json.h"
#include "api/validation.h"

namespace sandboxlet::agent {

namespace {

using Json = nlohmann::json;

// The scheduler's part of a PodSpec.
constexpr const char* kScheduling[] = {"affinity",          "nodeName",
                                       "nodeSelector",      "overhead",
                                       "preemptionPolicy",  "priority",
                                       "priorityClassName", "schedulerName",
                                       "schedulingGates",   "topologySpreadConstraints"};

// What claim templates say to whoever makes their volumes.
constexpr const char* kProvisioning[] = {"dataSource", "dataSourceRef", "selector",
                                         "volumeAttributesClassName", "volumeName"};

// What this agent writes of a status.
constexpr const char* kStatusFields[] = {"podIPs", "suspend", "containers", "conditions",
                                         "evicted"};

// The types of conditions that it has a word on, also where it has taken one away.
const std::set<std::string> kConditions = {"Ready",     "Suspended", "PodScheduled", "Finished",
                                           "Scheduled", "Stopping",  "Resuming"};

Json member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? Json() : *found;
}

// What others have said stays behind what we say.
Json with_foreign(Json ours, const Json& seen) {
  if (!seen.is_array()) return ours;
  if (ours.is_null()) ours = Json::array();
  for (const Json& condition : seen) {
    if (!condition.is_object()) continue;
    const std::string type = condition.value("type", "");
    const bool said = std::any_of(ours.begin(), ours.end(),
                                  [&](const Json& one) { return one.value("type", "") == type; });
    if (!said && !kConditions.contains(type)) ours.push_back(condition);
  }
  return ours;
}

void drop_scheduling(Json& object) {
  const Json::json_pointer pod("/spec/podTemplate/spec");
  if (!object.contains(pod) || !object[pod].is_object()) return;
  for (const char* field : kScheduling) object[pod].erase(field);
}

void drop_provisioning(Json& object) {
  const Json::json_pointer templates("/spec/volumeClaimTemplates");
  if (!object.contains(templates) || !object[templates].is_array()) return;
  for (Json& one : object[templates]) {
    const auto spec = one.find("spec");
    if (spec == one.end() || !spec->is_object()) continue;
    for (const char* field : kProvisioning) spec->erase(field);
  }
}

constexpr size_t kMaxRefusal = 4096;

Json suspension_of(const api::SandboxSpec& spec) {
  Json part = Json::object();
  part["operatingMode"] = spec.operatingMode;
  if (spec.pause) part["pause"] = *spec.pause;
  if (spec.suspend && !spec.suspend->depth.empty()) part["suspend"]["depth"] = spec.suspend->depth;
  return part;
}

}  // namespace

ApiObject read_api_object(Json object) {
  ApiObject result;
  if (const auto status = object.find("status"); status != object.end() && status->is_object()) {
    result.status = *status;
  }
  drop_scheduling(object);
  drop_provisioning(object);
  auto read = api::read_parsed(object);
  result.sandbox = std::move(read.sandbox);
  result.findings = std::move(read.findings);
  // Of a custom resource it is 0, whatever its deletion asked for: the pod's own grace counts.
  result.sandbox.metadata.deletionGracePeriodSeconds.reset();
  const auto& finalizers = result.sandbox.metadata.finalizers;
  result.has_finalizer =
      std::find(finalizers.begin(), finalizers.end(), api::kNodeFinalizer) != finalizers.end();
  if (!result.findings.empty()) return result;
  api::set_defaults(result.sandbox);
  result.findings = api::validate(result.sandbox);
  return result;
}

Json merge_diff(const Json& from, const Json& to) {
  if (!from.is_object() || !to.is_object()) return to;
  Json patch;
  for (const auto& [key, value] : from.items()) {
    if (!to.contains(key)) patch[key] = nullptr;
  }
  for (const auto& [key, value] : to.items()) {
    const auto before = from.find(key);
    if (before == from.end()) {
      patch[key] = value;
    } else if (*before != value) {
      patch[key] = merge_diff(*before, value);
    }
  }
  return patch;
}

Json status_patch(const Json& seen, const api::SandboxStatus& wanted) {
  const Json ours = api::write_status(wanted);
  Json from = Json::object();
  Json to = Json::object();
  for (const char* field : kStatusFields) {
    Json before = member(seen, field);
    Json after = member(ours, field);
    if (std::string_view(field) == "conditions") after = with_foreign(std::move(after), before);
    if (!before.is_null()) from[field] = std::move(before);
    if (!after.is_null()) to[field] = std::move(after);
  }
  return merge_diff(from, to);
}

Json suspension_patch(const api::SandboxSpec& from, const api::SandboxSpec& to) {
  return merge_diff(suspension_of(from), suspension_of(to));
}

void apply_suspension(const Json& patch, api::SandboxSpec& spec) {
  spec.operatingMode = patch.value("operatingMode", spec.operatingMode);
  if (const auto pause = patch.find("pause"); pause != patch.end()) {
    spec.pause = pause->is_boolean() ? std::optional(pause->get<bool>()) : std::nullopt;
  }
  const std::string depth = patch.value(Json::json_pointer("/suspend/depth"), "");
  if (depth.empty()) return;
  if (!spec.suspend) spec.suspend.emplace();
  spec.suspend->depth = depth;
}

std::string refusal_of(const std::vector<api::Finding>& findings) {
  std::string text;
  for (size_t told = 0; told < findings.size(); ++told) {
    const std::string one = to_string(findings[told]);
    if (!text.empty() && text.size() + one.size() > kMaxRefusal) {
      return text + " (and " + std::to_string(findings.size() - told) + " more)";
    }
    text += (text.empty() ? "" : "; ") + one;
  }
  return text;
}

api::SandboxStatus refusal_status(const ApiObject& object, const api::Time& now) {
  api::SandboxStatus status;
  api::Condition ready;
  ready.type = "Ready";
  ready.status = "False";
  ready.observedGeneration = object.sandbox.metadata.generation;
  ready.reason = "UnsupportedField";
  ready.message = refusal_of(object.findings);
  status.conditions = object.sandbox.status.conditions;
  // Nothing of it is here.
  const auto& eviction = object.sandbox.status.eviction;
  if (eviction) status.evicted = eviction->since;
  api::set_condition(status.conditions, ready, now);
  api::Condition suspended = ready;
  suspended.type = "Suspended";
  suspended.reason = "NotSuspended";
  suspended.message = "Sandbox is not suspended";
  api::set_condition(status.conditions, suspended, now);
  return status;
}

}  // namespace sandboxlet::agent
