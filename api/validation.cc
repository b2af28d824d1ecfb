#include "api/validation.h"

#include "api/names.h"
#include "api/time.h"
#include "api/validate.h"

namespace sandboxlet::api {

namespace {

void validate_idle_timeout(const Field& field, const std::string& timeout) {
  if (timeout.empty()) return;
  const auto parsed = parse_duration(timeout);
  if (!parsed) return field.invalid(timeout, "must be a duration, such as 90s or 1h30m");
  if (*parsed <= Duration(0)) field.invalid(timeout, "must be greater than zero");
}

void validate_suspend(const Field& field, const SuspendSpec& suspend) {
  for (const auto& [name, depth] :
       {std::pair("depth", &suspend.depth), std::pair("deepest", &suspend.deepest)}) {
    validate_choice(field.child(name), *depth, {"Freeze", "Hibernate", "Stop", "Terminate"});
  }
  const Depth deepest = parse_depth(suspend.deepest);
  if (deepest != Depth::kRunning && deepest < parse_depth(suspend.depth)) {
    field.child("deepest").invalid(suspend.deepest,
                                   "must not be shallower than depth " + suspend.depth);
  }
  validate_idle_timeout(field.child("idleTimeout"), suspend.idleTimeout);
}

// A Service may be called less than a Sandbox may, and its name is made of the Sandbox's.
void validate_service_name(const Field& field, const Sandbox& sandbox) {
  const std::string& name = sandbox.metadata.name;
  const auto& spec = sandbox.spec;
  if (name.empty()) return;
  const auto validate = [&](const std::string& service, const std::string& what) {
    for (const std::string& fault : dns1035_label(service)) field.invalid(name, what + fault);
  };
  if (spec.service.value_or(false)) validate(name, "a Service is to be called this: ");
  if (!spec.networking || !spec.networking->service) return;
  validate(own_service_name(name), "a Service is to be called this and \"-service\": ");
}

NameSet claim_names(const SandboxSpec& spec) {
  NameSet names;
  for (const ClaimTemplate& claim : spec.volumeClaimTemplates) names.insert(claim.metadata.name);
  return names;
}

void validate_spec(const Field& field, const Sandbox& sandbox) {
  const SandboxSpec& spec = sandbox.spec;
  const Field pod = field.child("podTemplate");
  validate_labels(pod.child("metadata").child("labels"), spec.podTemplate.metadata.labels);
  validate_annotations(pod.child("metadata").child("annotations"),
                       spec.podTemplate.metadata.annotations);
  validate_pod(pod.child("spec"), spec.podTemplate.spec, claim_names(spec));
  validate_claims(field.child("volumeClaimTemplates"), spec.volumeClaimTemplates,
                  sandbox.metadata.name);
  validate_time(field.child("shutdownTime"), spec.shutdownTime);
  validate_choice(field.child("shutdownPolicy"), spec.shutdownPolicy, {"Delete", "Retain"});
  validate_choice(field.child("operatingMode"), spec.operatingMode, {"Running", "Suspended"});
  if (spec.suspend) validate_suspend(field.child("suspend"), *spec.suspend);
  if (spec.networking) validate_networking(field.child("networking"), *spec.networking);
}

}  // namespace

std::vector<Finding> validate(const Sandbox& sandbox) {
  std::vector<Finding> findings;
  const Field root(findings);
  validate_choice(root.child("apiVersion"), sandbox.apiVersion, {kSandboxApiVersion});
  validate_choice(root.child("kind"), sandbox.kind, {kSandboxKind});
  const Field metadata = root.child("metadata");
  validate_metadata(metadata, sandbox.metadata);
  validate_service_name(metadata.child("name"), sandbox);
  validate_spec(root.child("spec"), sandbox);
  return findings;
}

std::vector<Finding> validate_update(const Sandbox& before, const Sandbox& after) {
  std::vector<Finding> findings;
  if (!(before.spec.volumeClaimTemplates == after.spec.volumeClaimTemplates)) {
    Field(findings, "spec").invalid("volumeClaimTemplates is immutable");
  }
  return findings;
}

}  // namespace sandboxlet::api
