#include "agent/pod/container_config.h"

#include "agent/pod/expansion.h"
#include "agent/pod/labels.h"
#include "agent/pod/resources.h"
#include "agent/pod/security.h"

namespace sandboxlet::agent {

namespace {

// A variable's value sees those that stand before it; the last of one name wins (kubelet:
// makeEnvironmentVariables).
api::StringMap environment(const api::Container& container) {
  api::StringMap variables;
  for (const auto& variable : container.env) {
    variables[variable.name] = expand(variable.value, variables);
  }
  return variables;
}

void add_command(v1::ContainerConfig& to, const api::Container& container,
                 const api::StringMap& variables) {
  for (const auto& word : container.command) to.add_command(expand(word, variables));
  for (const auto& word : container.args) to.add_args(expand(word, variables));
}

// Kubernetes takes a relative mountPath as one below the root.
std::string absolute(const std::string& path) { return path.starts_with('/') ? path : "/" + path; }

void add_mounts(v1::ContainerConfig& to, const api::Container& container,
                const api::StringMap& volumes) {
  for (const auto& wanted : container.volumeMounts) {
    v1::Mount& mount = *to.add_mounts();
    mount.set_container_path(absolute(wanted.mountPath));
    mount.set_host_path(volumes.at(wanted.name));
    mount.set_readonly(wanted.readOnly.value_or(false));
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
  const auto variables = environment(container);
  v1::ContainerConfig config;
  config.mutable_metadata()->set_name(container.name);
  config.mutable_metadata()->set_attempt(context.attempt);
  config.mutable_image()->set_image(context.image.id());
  config.mutable_image()->set_user_specified_image(container.image);
  add_command(config, container, variables);
  config.set_working_dir(container.workingDir);
  for (const auto& [name, value] : variables) {
    v1::KeyValue& variable = *config.add_envs();
    variable.set_key(name);
    variable.set_value(value);
  }
  add_mounts(config, container, context.volumes);
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
