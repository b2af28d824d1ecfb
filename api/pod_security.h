#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace sandboxlet::api {

// The levels of Pod Security Standards, each stricter than the one before.
enum class PodSecurityLevel { kPrivileged, kBaseline, kRestricted };

// By which label a namespace says it for what is created there.
inline constexpr char kEnforceLabel[] = "pod-security.kubernetes.io/enforce";

// What that label's value means: none is privileged, and one that is no level the strictest
// (pod-security-admission: PolicyToEvaluate).
PodSecurityLevel pod_security_level(std::string_view label);

// What that level refuses of a podTemplate, in the words in which the API server refuses a Pod:
// `violates PodSecurity "restricted:latest": ...`; empty where it takes it. Held is the latest
// version of each level, as of Kubernetes 1.36, as manifests/common/pod-security.yaml has it.
// Pure; also of fields that no struct here has.
std::string pod_security_violation(PodSecurityLevel level, const nlohmann::json& pod_template);

}  // namespace sandboxlet::api
