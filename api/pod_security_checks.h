#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sandboxlet::api {

// The parts of pod_security_violation() (pod_security.h), one function a check, each named as
// upstream names it (pod-security-admission: policy).

// What a check refuses, and whose fault it is.
struct PodSecurityFault {
  std::string reason;
  std::string detail;
};
using PodSecurityVerdict = std::optional<PodSecurityFault>;

// A pod as the checks look at it. Refers to the JSON that it is of.
struct PodView {
  const nlohmann::json& annotations;
  const nlohmann::json& spec;
  const nlohmann::json& context;
  // Of every kind, in the order in which upstream goes through them.
  std::vector<const nlohmann::json*> containers;
  // Where root is not the node's.
  bool in_user_namespace = false;
};

PodView view_of(const nlohmann::json& pod_template);

// What is at that path below value; null where nothing is.
const nlohmann::json& at(const nlohmann::json& value, std::initializer_list<std::string_view> path);
// The string at that path; empty where there is none.
std::string text_at(const nlohmann::json& value, std::initializer_list<std::string_view> path);
bool is_true_at(const nlohmann::json& value, std::initializer_list<std::string_view> path);

// "a", "b"
template <class Names>
std::string quoted(const Names& names) {
  std::string text;
  for (const std::string& name : names) {
    text.append(text.empty() ? "\"" : ", \"").append(name).append("\"");
  }
  return text;
}

// Who does what it must not: the pod itself, containers by name, annotations.
struct Culprits {
  bool pod = false;
  std::vector<std::string> containers;
  bool any() const { return pod || !containers.empty(); }
  // pod and containers "a", "b"
  std::string text() const;
};

// The names of containers for which that holds.
template <class Predicate>
std::vector<std::string> containers_that(const PodView& pod, Predicate predicate) {
  std::vector<std::string> names;
  for (const auto* container : pod.containers) {
    if (predicate(*container)) names.push_back(text_at(*container, {"name"}));
  }
  return names;
}
// The same of a securityContext, which the pod has as well.
template <class Predicate>
Culprits contexts_that(const PodView& pod, Predicate predicate) {
  return {predicate(pod.context), containers_that(pod, [&](const nlohmann::json& container) {
            return predicate(at(container, {"securityContext"}));
          })};
}

// container "a"; containers "a", "b"
std::string containers_text(const std::vector<std::string>& names);

// pod_security_baseline.cc
PodSecurityVerdict app_armor_profile(const PodView& pod);
PodSecurityVerdict capabilities_baseline(const PodView& pod);
PodSecurityVerdict host_namespaces(const PodView& pod);
PodSecurityVerdict host_path_volumes(const PodView& pod);
PodSecurityVerdict host_ports(const PodView& pod);
PodSecurityVerdict host_probes_and_host_lifecycle(const PodView& pod);
PodSecurityVerdict privileged(const PodView& pod);
PodSecurityVerdict proc_mount_baseline(const PodView& pod);
PodSecurityVerdict se_linux_options(const PodView& pod);
PodSecurityVerdict seccomp_profile_baseline(const PodView& pod);
PodSecurityVerdict sysctls(const PodView& pod);
PodSecurityVerdict windows_host_process(const PodView& pod);

// pod_security_restricted.cc
PodSecurityVerdict allow_privilege_escalation(const PodView& pod);
PodSecurityVerdict capabilities_restricted(const PodView& pod);
PodSecurityVerdict proc_mount_restricted(const PodView& pod);
PodSecurityVerdict restricted_volumes(const PodView& pod);
PodSecurityVerdict run_as_non_root(const PodView& pod);
PodSecurityVerdict run_as_user(const PodView& pod);
PodSecurityVerdict seccomp_profile_restricted(const PodView& pod);

}  // namespace sandboxlet::api
