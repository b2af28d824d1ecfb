#include "api/field.h"
#include "api/validation.h"

namespace sandboxlet::api {

std::vector<Finding> refuse_standalone(const Sandbox& sandbox) {
  std::vector<Finding> findings;
  const SandboxSpec& spec = sandbox.spec;
  const Field field(findings, "spec");
  if (spec.service.value_or(false)) {
    field.child("service").add("Unsupported: there are no Services without a cluster");
  }
  if (spec.networking) {
    const Field networking = field.child("networking");
    if (spec.networking->service) {
      networking.child("service").add("Unsupported: there are no Services without a cluster");
    }
    if (!spec.networking->routeRefs.empty()) {
      networking.child("routeRefs").add("Unsupported: there are no routes without a cluster");
    }
  }
  if (spec.suspend) {
    const Field suspend = field.child("suspend");
    if (spec.suspend->depth == to_string(Depth::kHibernate)) {
      suspend.child("depth").add("Unsupported: this agent does not hibernate a Sandbox yet");
    }
    if (!spec.suspend->idleTimeout.empty()) {
      suspend.child("idleTimeout").add("Unsupported: this agent does not watch for idleness yet");
    }
    if (spec.suspend->wakeOnTraffic.value_or(false)) {
      suspend.child("wakeOnTraffic").add("Unsupported: this agent does not wake on traffic yet");
    }
  }
  return findings;
}

}  // namespace sandboxlet::api
