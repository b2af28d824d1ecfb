#include "api/sandbox.h"

#include <array>
#include <utility>

namespace sandboxlet::api {

namespace {

constexpr std::array<std::pair<Depth, const char*>, 5> kDepths{{
    {Depth::kRunning, "Running"},
    {Depth::kFreeze, "Freeze"},
    {Depth::kHibernate, "Hibernate"},
    {Depth::kStop, "Stop"},
    {Depth::kTerminate, "Terminate"},
}};

}  // namespace

std::string to_string(Depth depth) {
  for (const auto& [value, name] : kDepths) {
    if (value == depth) return name;
  }
  return "Running";
}

Depth parse_depth(const std::string& name) {
  for (const auto& [value, known] : kDepths) {
    if (name == known) return value;
  }
  return Depth::kRunning;
}

std::string own_service_name(const std::string& sandbox) { return sandbox + "-service"; }

const ClaimTemplate* claim_template(const SandboxSpec& spec, const std::string& name) {
  for (const ClaimTemplate& one : spec.volumeClaimTemplates) {
    if (one.metadata.name == name) return &one;
  }
  return nullptr;
}

std::string claim_name(const std::string& claim_template, const std::string& sandbox) {
  return claim_template + "-" + sandbox;
}

bool wants_suspension(const SandboxSpec& spec) {
  return spec.operatingMode == "Suspended" || spec.pause.value_or(false);
}

Depth asked_depth(const SandboxSpec& spec) {
  if (!spec.suspend || spec.suspend->depth.empty()) return Depth::kFreeze;
  return parse_depth(spec.suspend->depth);
}

Depth wanted_depth(const SandboxSpec& spec) {
  return wants_suspension(spec) ? asked_depth(spec) : Depth::kRunning;
}

}  // namespace sandboxlet::api
