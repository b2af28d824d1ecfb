#include "agent/pod/security.h"

#include <algorithm>
#include <optional>

namespace sandboxlet::agent {

namespace {

// The kubelet's lists (securitycontext/util.go): what a container that is not privileged may not
// see or change in /proc and /sys.
constexpr const char* kMaskedPaths[] = {"/proc/acpi",
                                        "/proc/asound",
                                        "/proc/interrupts",
                                        "/proc/kcore",
                                        "/proc/keys",
                                        "/proc/latency_stats",
                                        "/proc/sched_debug",
                                        "/proc/scsi",
                                        "/proc/timer_list",
                                        "/proc/timer_stats",
                                        "/sys/devices/virtual/powercap",
                                        "/sys/firmware"};
constexpr const char* kReadonlyPaths[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                          "/proc/sysrq-trigger"};

v1::NamespaceOption namespaces() {
  v1::NamespaceOption options;
  options.set_network(v1::POD);
  options.set_pid(v1::CONTAINER);
  options.set_ipc(v1::POD);
  return options;
}

v1::SecurityProfile seccomp(const std::optional<api::SeccompProfile>& asked) {
  v1::SecurityProfile profile;
  const bool unconfined = asked && asked->type == "Unconfined";
  profile.set_profile_type(unconfined ? v1::SecurityProfile::Unconfined
                                      : v1::SecurityProfile::RuntimeDefault);
  return profile;
}

template <class T>
std::optional<T> either(const std::optional<T>& first, const std::optional<T>& second) {
  return first ? first : second;
}

// The image's user counts only where the spec names none; where neither does it is root (kubelet:
// getImageUser), said outright because runtimes refuse a group without a user.
void set_user(v1::LinuxContainerSecurityContext& to, std::optional<int64_t> user,
              std::optional<int64_t> group, const v1::Image& image) {
  if (user) {
    to.mutable_run_as_user()->set_value(*user);
  } else if (image.has_uid()) {
    to.mutable_run_as_user()->set_value(image.uid().value());
  } else if (!image.username().empty()) {
    to.set_run_as_username(image.username());
  } else {
    to.mutable_run_as_user()->set_value(0);
  }
  if (group) to.mutable_run_as_group()->set_value(*group);
}

void set_capabilities(v1::LinuxContainerSecurityContext& to, const api::Capabilities& asked) {
  for (const auto& name : asked.add) to.mutable_capabilities()->add_add_capabilities(name);
  for (const auto& name : asked.drop) to.mutable_capabilities()->add_drop_capabilities(name);
}

}  // namespace

v1::LinuxContainerSecurityContext container_security(const api::PodSpec& spec,
                                                     const api::Container& container,
                                                     const v1::Image& image) {
  const auto pod = spec.securityContext.value_or(api::PodSecurityContext{});
  const auto own = container.securityContext.value_or(api::SecurityContext{});
  v1::LinuxContainerSecurityContext to;
  *to.mutable_namespace_options() = namespaces();
  set_user(to, either(own.runAsUser, pod.runAsUser), either(own.runAsGroup, pod.runAsGroup), image);
  if (own.capabilities) set_capabilities(to, *own.capabilities);
  to.set_readonly_rootfs(own.readOnlyRootFilesystem.value_or(false));
  to.set_no_new_privs(!own.allowPrivilegeEscalation.value_or(true));
  to.set_privileged(own.privileged.value_or(false));
  // A privileged container is not confined by any profile (kubelet: getSeccompProfile).
  if (to.privileged()) return to;
  *to.mutable_seccomp() = seccomp(either(own.seccompProfile, pod.seccompProfile));
  for (const char* path : kMaskedPaths) to.add_masked_paths(path);
  for (const char* path : kReadonlyPaths) to.add_readonly_paths(path);
  return to;
}

v1::LinuxSandboxSecurityContext pod_sandbox_security(const api::PodSpec& spec) {
  const auto pod = spec.securityContext.value_or(api::PodSecurityContext{});
  v1::LinuxSandboxSecurityContext to;
  *to.mutable_namespace_options() = namespaces();
  to.set_privileged(
      std::any_of(spec.containers.begin(), spec.containers.end(), [](const auto& one) {
        return one.securityContext && one.securityContext->privileged.value_or(false);
      }));
  *to.mutable_seccomp() = seccomp(std::nullopt);
  if (pod.runAsUser) to.mutable_run_as_user()->set_value(*pod.runAsUser);
  if (pod.runAsGroup) to.mutable_run_as_group()->set_value(*pod.runAsGroup);
  return to;
}

}  // namespace sandboxlet::agent
