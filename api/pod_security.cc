#include "api/pod_security.h"

#include "api/pod_security_checks.h"

namespace sandboxlet::api {

namespace {

using Json = nlohmann::json;
using Check = PodSecurityVerdict (*)(const PodView&);

struct BaselineCheck {
  Check check;
  // Restricted has a stricter one in its place.
  bool is_replaced = false;
};

// In upstream's order, which its messages have.
constexpr BaselineCheck kBaselineChecks[] = {{app_armor_profile}, {capabilities_baseline, true},
                                             {host_namespaces},   {host_path_volumes, true},
                                             {host_ports},        {host_probes_and_host_lifecycle},
                                             {privileged},        {proc_mount_baseline, true},
                                             {se_linux_options},  {seccomp_profile_baseline, true},
                                             {sysctls},           {windows_host_process}};
constexpr Check kRestrictedChecks[] = {
    allow_privilege_escalation, capabilities_restricted, proc_mount_restricted,
    restricted_volumes,         run_as_non_root,         run_as_user,
    seccomp_profile_restricted};

void add_fault(const PodSecurityVerdict& fault, std::string& faults) {
  if (!fault) return;
  faults.append(faults.empty() ? "" : ", ").append(fault->reason);
  faults.append(" (").append(fault->detail).append(")");
}

}  // namespace

PodView view_of(const Json& pod_template) {
  const Json& spec = at(pod_template, {"spec"});
  PodView pod{at(pod_template, {"metadata", "annotations"}),
              spec,
              at(spec, {"securityContext"}),
              {},
              at(spec, {"hostUsers"}) == false};
  for (const char* kind : {"initContainers", "containers", "ephemeralContainers"}) {
    for (const Json& container : at(spec, {kind})) pod.containers.push_back(&container);
  }
  return pod;
}

const Json& at(const Json& value, std::initializer_list<std::string_view> path) {
  static const Json kNothing;
  const Json* found = &value;
  for (const std::string_view key : path) {
    if (!found->is_object()) return kNothing;
    const auto member = found->find(key);
    if (member == found->end()) return kNothing;
    found = &*member;
  }
  return *found;
}

std::string text_at(const Json& value, std::initializer_list<std::string_view> path) {
  const Json& found = at(value, path);
  return found.is_string() ? found.get<std::string>() : "";
}

bool is_true_at(const Json& value, std::initializer_list<std::string_view> path) {
  return at(value, path) == true;
}

std::string containers_text(const std::vector<std::string>& names) {
  return (names.size() == 1 ? "container " : "containers ") + quoted(names);
}

std::string Culprits::text() const {
  if (containers.empty()) return "pod";
  return (pod ? "pod and " : "") + containers_text(containers);
}

PodSecurityLevel pod_security_level(std::string_view label) {
  if (label.empty() || label == "privileged") return PodSecurityLevel::kPrivileged;
  return label == "baseline" ? PodSecurityLevel::kBaseline : PodSecurityLevel::kRestricted;
}

std::string pod_security_violation(PodSecurityLevel level, const Json& pod_template) {
  if (level == PodSecurityLevel::kPrivileged) return "";
  const PodView pod = view_of(pod_template);
  const bool restricted = level == PodSecurityLevel::kRestricted;
  std::string faults;
  for (const auto& [check, is_replaced] : kBaselineChecks) {
    if (!restricted || !is_replaced) add_fault(check(pod), faults);
  }
  if (restricted) {
    for (const Check check : kRestrictedChecks) add_fault(check(pod), faults);
  }
  if (faults.empty()) return "";
  const std::string name = restricted ? "restricted" : "baseline";
  return "violates PodSecurity \"" + name + ":latest\": " + faults;
}

}  // namespace sandboxlet::api
