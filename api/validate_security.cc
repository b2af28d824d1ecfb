#include <algorithm>
#include <limits>

#include "api/validate.h"

namespace sandboxlet::api {

namespace {

constexpr int64_t kMaxId = std::numeric_limits<int32_t>::max();

void validate_id(const Field& field, std::optional<int64_t> id) {
  if (id) validate_range(field, *id, 0, kMaxId);
}

void validate_seccomp(const Field& field, const std::optional<SeccompProfile>& profile) {
  if (!profile) return;
  const Field type = field.child("type");
  if (profile->type.empty()) return type.required("type is required when seccompProfile is set");
  validate_choice(type, profile->type, {"RuntimeDefault", "Unconfined"});
}

// "NET_ADMIN", "ALL". Kubernetes takes any text; the runtime would fail on it much later.
void validate_capability_names(const Field& field, const std::vector<std::string>& names) {
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string& name = names[i];
    const bool formed = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    });
    if (!formed) field.index(i).invalid(name, "must be a capability's name, such as NET_ADMIN");
  }
}

void validate_escalation(const Field& field, const SecurityContext& context) {
  if (context.allowPrivilegeEscalation.value_or(true)) return;
  if (context.privileged.value_or(false)) {
    field.invalid("cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
  }
  if (!context.capabilities) return;
  const auto& add = context.capabilities->add;
  if (std::find(add.begin(), add.end(), "CAP_SYS_ADMIN") != add.end()) {
    field.invalid(
        "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN");
  }
}

}  // namespace

void validate_security(const Field& field, const SecurityContext& context) {
  validate_id(field.child("runAsUser"), context.runAsUser);
  validate_id(field.child("runAsGroup"), context.runAsGroup);
  validate_seccomp(field.child("seccompProfile"), context.seccompProfile);
  if (context.capabilities) {
    const Field capabilities = field.child("capabilities");
    validate_capability_names(capabilities.child("add"), context.capabilities->add);
    validate_capability_names(capabilities.child("drop"), context.capabilities->drop);
  }
  validate_escalation(field, context);
}

void validate_pod_security(const Field& field, const PodSecurityContext& context) {
  validate_id(field.child("runAsUser"), context.runAsUser);
  validate_id(field.child("runAsGroup"), context.runAsGroup);
  validate_seccomp(field.child("seccompProfile"), context.seccompProfile);
}

}  // namespace sandboxlet::api
