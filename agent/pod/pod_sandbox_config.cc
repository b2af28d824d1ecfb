#include "agent/pod/pod_sandbox_config.h"

#include <algorithm>

#include "agent/pod/labels.h"
#include "agent/pod/security.h"

namespace sandboxlet::agent {

namespace {

constexpr size_t kMaxHostname = 63;
constexpr size_t kMaxFileName = 255;

v1::Protocol protocol(const std::string& name) {
  if (name == "UDP") return v1::UDP;
  if (name == "SCTP") return v1::SCTP;
  return v1::TCP;
}

// Only ports with a hostPort mean anything to CNI; the others are told for completeness.
void add_ports(v1::PodSandboxConfig& to, const api::PodSpec& spec) {
  for (const auto& container : spec.containers) {
    for (const auto& port : container.ports) {
      v1::PortMapping& mapping = *to.add_port_mappings();
      mapping.set_protocol(protocol(port.protocol));
      mapping.set_container_port(port.containerPort);
      mapping.set_host_port(port.hostPort.value_or(0));
      mapping.set_host_ip(port.hostIP);
    }
  }
}

}  // namespace

std::string pod_hostname(const api::Sandbox& sandbox) {
  const std::string& asked = sandbox.spec.podTemplate.spec.hostname;
  if (!asked.empty()) return asked;
  std::string name = sandbox.metadata.name.substr(0, kMaxHostname);
  name.erase(name.find_last_not_of("-.") + 1);
  return name;
}

std::string log_directory_name(const api::Sandbox& sandbox) {
  const auto& meta = sandbox.metadata;
  const size_t taken = meta.namespace_.size() + meta.uid.size() + 2;
  const std::string name = meta.name.substr(0, kMaxFileName - std::min(taken, kMaxFileName));
  return meta.namespace_ + "_" + name + "_" + meta.uid;
}

v1::PodSandboxConfig pod_sandbox_config(const api::Sandbox& sandbox,
                                        const PodSandboxContext& context) {
  const auto& meta = sandbox.metadata;
  const auto& pod = sandbox.spec.podTemplate;
  v1::PodSandboxConfig config;
  config.mutable_metadata()->set_name(meta.name);
  config.mutable_metadata()->set_namespace_(meta.namespace_);
  config.mutable_metadata()->set_uid(meta.uid);
  config.mutable_metadata()->set_attempt(context.attempt);
  config.set_hostname(pod_hostname(sandbox));
  config.set_log_directory(context.log_directory);
  add_ports(config, pod.spec);
  config.mutable_labels()->insert(pod.metadata.labels.begin(), pod.metadata.labels.end());
  (*config.mutable_labels())[kPodNameLabel] = meta.name;
  (*config.mutable_labels())[kPodNamespaceLabel] = meta.namespace_;
  (*config.mutable_labels())[kPodUidLabel] = meta.uid;
  (*config.mutable_labels())[kManagedByLabel] = context.managed_by;
  config.mutable_annotations()->insert(pod.metadata.annotations.begin(),
                                       pod.metadata.annotations.end());
  config.mutable_linux()->set_cgroup_parent(context.cgroup_parent);
  *config.mutable_linux()->mutable_security_context() = pod_sandbox_security(pod.spec);
  return config;
}

}  // namespace sandboxlet::agent
