#include <algorithm>

#include "api/pod_security_checks.h"

namespace sandboxlet::api {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kVolumeSources[] = {
    "configMap", "csi",  "downwardAPI", "emptyDir", "ephemeral",
    "image",     "name", "projected",   "secret",   "persistentVolumeClaim"};

bool is_confined(const std::string& type) {
  return type == "RuntimeDefault" || type == "Localhost";
}

bool lists(const Json& list, std::string_view one) {
  return std::any_of(list.begin(), list.end(), [&](const Json& other) { return other == one; });
}

// The containers in which that field is not set, where the pod does not set it well either.
std::vector<std::string> containers_without(const PodView& pod, std::string_view field) {
  return containers_that(pod, [&](const Json& container) {
    return at(container, {"securityContext", field}).is_null();
  });
}

}  // namespace

PodSecurityVerdict allow_privilege_escalation(const PodView& pod) {
  const auto culprits = containers_that(pod, [](const Json& container) {
    return at(container, {"securityContext", "allowPrivilegeEscalation"}) != false;
  });
  if (culprits.empty()) return std::nullopt;
  return PodSecurityFault{
      "allowPrivilegeEscalation != false",
      containers_text(culprits) + " must set securityContext.allowPrivilegeEscalation=false"};
}

PodSecurityVerdict capabilities_restricted(const PodView& pod) {
  const auto keeping = containers_that(pod, [](const Json& container) {
    return !lists(at(container, {"securityContext", "capabilities", "drop"}), "ALL");
  });
  std::set<std::string> added;
  const auto adding = containers_that(pod, [&](const Json& container) {
    bool any = false;
    for (const Json& one : at(container, {"securityContext", "capabilities", "add"})) {
      if (one == "NET_BIND_SERVICE") continue;
      added.insert(text_at(one, {}));
      any = true;
    }
    return any;
  });
  std::string detail;
  if (!keeping.empty()) {
    detail = containers_text(keeping) + R"( must set securityContext.capabilities.drop=["ALL"])";
  }
  if (!adding.empty()) {
    detail.append(detail.empty() ? "" : "; ").append(containers_text(adding));
    detail.append(" must not include ").append(quoted(added));
    detail.append(" in securityContext.capabilities.add");
  }
  if (detail.empty()) return std::nullopt;
  return PodSecurityFault{"unrestricted capabilities", detail};
}

PodSecurityVerdict proc_mount_restricted(const PodView& pod) {
  std::set<std::string> mounts;
  const auto culprits = containers_that(pod, [&](const Json& container) {
    const std::string mount = text_at(container, {"securityContext", "procMount"});
    if (mount.empty() || mount == "Default") return false;
    mounts.insert(mount);
    return true;
  });
  if (culprits.empty()) return std::nullopt;
  return PodSecurityFault{
      "procMount",
      containers_text(culprits) + " must not set securityContext.procMount to " + quoted(mounts)};
}

PodSecurityVerdict restricted_volumes(const PodView& pod) {
  std::vector<std::string> names;
  std::set<std::string> sources;
  for (const Json& volume : at(pod.spec, {"volumes"})) {
    for (const auto& [source, value] : volume.items()) {
      if (std::ranges::find(kVolumeSources, source) != std::end(kVolumeSources)) continue;
      names.push_back(text_at(volume, {"name"}));
      sources.insert(source);
    }
  }
  if (names.empty()) return std::nullopt;
  return PodSecurityFault{"restricted volume types",
                          (names.size() == 1 ? "volume " : "volumes ") + quoted(names) +
                              (names.size() == 1 ? " uses" : " use") + " restricted volume " +
                              (sources.size() == 1 ? "type " : "types ") + quoted(sources)};
}

PodSecurityVerdict run_as_non_root(const PodView& pod) {
  if (pod.in_user_namespace) return std::nullopt;
  constexpr char kReason[] = "runAsNonRoot != true";
  const Culprits culprits = contexts_that(
      pod, [](const Json& context) { return at(context, {"runAsNonRoot"}) == false; });
  if (culprits.any()) {
    return PodSecurityFault{kReason,
                            culprits.text() + " must not set securityContext.runAsNonRoot=false"};
  }
  const auto silent = containers_without(pod, "runAsNonRoot");
  if (silent.empty() || is_true_at(pod.context, {"runAsNonRoot"})) return std::nullopt;
  return PodSecurityFault{
      kReason, "pod or " + containers_text(silent) + " must set securityContext.runAsNonRoot=true"};
}

PodSecurityVerdict run_as_user(const PodView& pod) {
  if (pod.in_user_namespace) return std::nullopt;
  const Culprits culprits =
      contexts_that(pod, [](const Json& context) { return at(context, {"runAsUser"}) == 0; });
  if (!culprits.any()) return std::nullopt;
  return PodSecurityFault{"runAsUser=0", culprits.text() + " must not set runAsUser=0"};
}

PodSecurityVerdict seccomp_profile_restricted(const PodView& pod) {
  if (auto fault = seccomp_profile_baseline(pod)) return fault;
  const auto silent = containers_without(pod, "seccompProfile");
  if (silent.empty() || is_confined(text_at(pod.context, {"seccompProfile", "type"}))) {
    return std::nullopt;
  }
  return PodSecurityFault{
      "seccompProfile",
      "pod or " + containers_text(silent) +
          R"( must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")"};
}

}  // namespace sandboxlet::api
