#include "api/field.h"
#include "api/validation.h"

namespace sandboxlet::api {

namespace {

void refuse_networking(const SandboxSpec& spec, const Field& field) {
  constexpr const char* kServices = "Unsupported: there are no Services without a cluster";
  if (spec.service.value_or(false)) field.child("service").add(kServices);
  if (!spec.networking) return;
  const Field networking = field.child("networking");
  if (spec.networking->service) networking.child("service").add(kServices);
  if (!spec.networking->routeRefs.empty()) {
    networking.child("routeRefs").add("Unsupported: there are no routes without a cluster");
  }
}

// One that gives way to a claim template of its name asks for nothing.
void refuse_claims(const SandboxSpec& spec, const Field& volumes) {
  const auto& all = spec.podTemplate.spec.volumes;
  for (size_t i = 0; i < all.size(); ++i) {
    if (!all[i].persistentVolumeClaim || claim_template(spec, all[i].name) != nullptr) continue;
    volumes.index(i)
        .child("persistentVolumeClaim")
        .add("Unsupported: there are no PersistentVolumeClaims without a cluster");
  }
}

}  // namespace

std::vector<Finding> refuse_standalone(const Sandbox& sandbox) {
  std::vector<Finding> findings;
  const SandboxSpec& spec = sandbox.spec;
  const Field field(findings, "spec");
  refuse_networking(spec, field);
  const Field pod = field.child("podTemplate").child("spec");
  if (!spec.podTemplate.spec.tolerations.empty()) {
    pod.child("tolerations").add("Unsupported: there are no taints without a cluster");
  }
  if (!spec.podTemplate.spec.imagePullSecrets.empty()) {
    pod.child("imagePullSecrets").add("Unsupported: there are no Secrets without a cluster");
  }
  refuse_claims(spec, pod.child("volumes"));
  return findings;
}

}  // namespace sandboxlet::api
