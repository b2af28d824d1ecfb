#include "api/defaults.h"

#include <algorithm>

namespace sandboxlet::api {

namespace {

constexpr int64_t kDefaultGraceSeconds = 30;

void set_if_empty(std::string& field, std::string_view value) {
  if (field.empty()) field = value;
}

void set_container_defaults(Container& container) {
  set_if_empty(container.imagePullPolicy, default_pull_policy(container.image));
  for (ContainerPort& port : container.ports) set_if_empty(port.protocol, "TCP");
  // A request that is named stands, however its limit reads.
  container.resources.requests.insert(container.resources.limits.begin(),
                                      container.resources.limits.end());
}

void set_pod_defaults(PodSpec& pod) {
  set_if_empty(pod.restartPolicy, "Always");
  if (!pod.terminationGracePeriodSeconds) pod.terminationGracePeriodSeconds = kDefaultGraceSeconds;
  for (Container& container : pod.containers) set_container_defaults(container);
  for (Volume& volume : pod.volumes) {
    const bool has_source = volume.emptyDir || volume.hostPath || volume.persistentVolumeClaim;
    if (!has_source) volume.emptyDir.emplace();
  }
}

bool has_container_port(const PodSpec& pod, const std::string& name) {
  return std::any_of(pod.containers.begin(), pod.containers.end(), [&](const Container& one) {
    return std::any_of(one.ports.begin(), one.ports.end(),
                       [&](const ContainerPort& port) { return port.name == name; });
  });
}

// The container port of the Service port's own name, else the same number.
IntOrString default_target(const ServicePort& port, const PodSpec& pod) {
  if (!port.name.empty() && has_container_port(pod, port.name)) return {std::nullopt, port.name};
  return {port.port, ""};
}

void set_service_defaults(ServiceSpec& service, const PodSpec& pod) {
  set_if_empty(service.type, "ClusterIP");
  for (ServicePort& port : service.ports) {
    set_if_empty(port.protocol, "TCP");
    if (!port.targetPort) port.targetPort = default_target(port, pod);
  }
}

}  // namespace

std::string default_pull_policy(std::string_view image) {
  const size_t digest = image.find('@');
  const std::string_view name = image.substr(0, digest);
  const size_t colon = name.find_last_of(":/");
  const bool has_tag = colon != std::string_view::npos && name[colon] == ':';
  const bool latest = has_tag ? name.substr(colon + 1) == "latest" : digest == name.npos;
  return latest ? "Always" : "IfNotPresent";
}

void set_defaults(Sandbox& sandbox) {
  SandboxSpec& spec = sandbox.spec;
  set_if_empty(sandbox.metadata.namespace_, "default");
  set_if_empty(spec.operatingMode, "Running");
  set_if_empty(spec.shutdownPolicy, "Retain");
  set_pod_defaults(spec.podTemplate.spec);
  for (ClaimTemplate& claim : spec.volumeClaimTemplates) {
    set_if_empty(claim.spec.volumeMode, "Filesystem");
  }
  if (spec.suspend) {
    set_if_empty(spec.suspend->depth, to_string(Depth::kFreeze));
    set_if_empty(spec.suspend->deepest, to_string(Depth::kTerminate));
  }
  if (spec.networking && spec.networking->service) {
    set_service_defaults(*spec.networking->service, spec.podTemplate.spec);
  }
}

}  // namespace sandboxlet::api
