#include "agent/pod/container_config.h"

#include <algorithm>

#include "agent/pod/labels.h"
#include "agent/pod/resources.h"
#include "agent/pod/security.h"

namespace sandboxlet::agent {

namespace {

// Kubernetes takes a relative mountPath as one below the root.
std::string absolute(const std::string& path) { return path.starts_with('/') ? path : "/" + path; }

// As the volume itself says, whatever its mounts say.
bool is_read_only(const api::SandboxSpec& spec, const std::string& volume) {
  const auto& volumes = spec.podTemplate.spec.volumes;
  const auto found = std::find_if(volumes.begin(), volumes.end(),
                                  [&](const api::Volume& one) { return one.name == volume; });
  if (found == volumes.end() || !found->persistentVolumeClaim) return false;
  return found->persistentVolumeClaim->readOnly.value_or(false) &&
         api::claim_template(spec, volume) == nullptr;
}

void add_mounts(v1::ContainerConfig& to, const api::SandboxSpec& spec,
                const api::Container& container, const api::StringMap& volumes) {
  for (const auto& wanted : container.volumeMounts) {
    v1::Mount& mount = *to.add_mounts();
    mount.set_container_path(absolute(wanted.mountPath));
    mount.set_host_path(volumes.at(wanted.name));
    mount.set_readonly(wanted.readOnly.value_or(false) || is_read_only(spec, wanted.name));
    mount.set_propagation(v1::PROPAGATION_PRIVATE);
  }
}

void add_labels(v1::ContainerConfig& to, const api::Sandbox& sandbox,
                const api::Container& container, const ContainerContext& context) {
  auto& labels = *to.mutable_labels();
  labels[kPodNameLabel] = sandbox.metadata.name;
  labels[kPodNamespaceLabel] = sandbox.metadata.namespace_;
  labels[kPodUidLabel] = sandbox.metadata.uid;
  labels[kContainerNameLabel] = container.name;
  labels[kManagedByLabel] = context.managed_by;
  auto& annotations = *to.mutable_annotations();
  annotations[kRestartCountAnnotation] = std::to_string(context.restart_count);
  if (const auto grace = sandbox.spec.podTemplate.spec.terminationGracePeriodSeconds) {
    annotations[kGracePeriodAnnotation] = std::to_string(*grace);
  }
}

}  // namespace

v1::ContainerConfig container_config(const api::Sandbox& sandbox, const api::Container& container,
                                     const ContainerContext& context) {
  const auto& spec = sandbox.spec.podTemplate.spec;
  v1::ContainerConfig config;
  config.mutable_metadata()->set_name(container.name);
  config.mutable_metadata()->set_attempt(context.attempt);
  config.mutable_image()->set_image(context.image.id());
  config.mutable_image()->set_user_specified_image(container.image);
  config.mutable_command()->Add(context.expanded.command.begin(), context.expanded.command.end());
  config.mutable_args()->Add(context.expanded.args.begin(), context.expanded.args.end());
  config.set_working_dir(container.workingDir);
  for (const auto& [name, value] : context.expanded.env) {
    v1::KeyValue& variable = *config.add_envs();
    variable.set_key(name);
    variable.set_value(value);
  }
  add_mounts(config, sandbox.spec, container, context.volumes);
  if (!context.hosts_file.empty()) {
    v1::Mount& hosts = *config.add_mounts();
    hosts.set_container_path(kHostsPath);
    hosts.set_host_path(context.hosts_file);
  }
  add_labels(config, sandbox, container, context);
  config.set_log_path(container.name + "/" + std::to_string(context.attempt) + ".log");
  config.set_stdin(container.stdin.value_or(false));
  config.set_stdin_once(container.stdinOnce.value_or(false));
  config.set_tty(container.tty.value_or(false));
  auto& linux = *config.mutable_linux();
  *linux.mutable_resources() = container_resources(spec, container, context.node_memory);
  *linux.mutable_security_context() = container_security(spec, container, context.image);
  return config;
}

}  // namespace sandboxlet::agent
