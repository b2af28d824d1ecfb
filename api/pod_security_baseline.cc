#include <algorithm>
#include <array>

#include "api/pod_security_checks.h"

namespace sandboxlet::api {

namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 13> kDefaultCapabilities{
    "AUDIT_WRITE",      "CHOWN",   "DAC_OVERRIDE", "FOWNER",  "FSETID", "KILL",      "MKNOD",
    "NET_BIND_SERVICE", "SETFCAP", "SETGID",       "SETPCAP", "SETUID", "SYS_CHROOT"};

constexpr std::array<std::string_view, 12> kSafeSysctls{
    "kernel.shm_rmid_forced",           "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports", "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",        "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",     "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",      "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",          "net.ipv4.tcp_wmem"};

constexpr std::array<std::string_view, 5> kSeLinuxTypes{"", "container_t", "container_init_t",
                                                        "container_kvm_t", "container_engine_t"};

constexpr std::string_view kAppArmorAnnotation = "container.apparmor.security.beta.kubernetes.io/";

bool contains(const auto& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

// "RuntimeDefault", "Localhost", and what is not set.
bool is_confined(const Json& profile) {
  const std::string type = text_at(profile, {"type"});
  return profile.is_null() || type == "RuntimeDefault" || type == "Localhost";
}

std::set<std::string> bad_annotations(const PodView& pod) {
  std::set<std::string> bad;
  if (!pod.annotations.is_object()) return bad;
  for (const auto& [key, value] : pod.annotations.items()) {
    const std::string profile = text_at(value, {});
    if (!key.starts_with(kAppArmorAnnotation) || profile.empty() || profile == "runtime/default" ||
        profile.starts_with("localhost/")) {
      continue;
    }
    bad.insert(std::string(key).append("=\"").append(profile).append("\""));
  }
  return bad;
}

std::string plural(const std::string& one, size_t count) { return count == 1 ? one : one + "s"; }

void add_host(const Json& handler, std::set<std::string>& hosts) {
  for (const char* kind : {"httpGet", "tcpSocket"}) {
    if (const auto host = text_at(handler, {kind, "host"}); !host.empty()) hosts.insert(host);
  }
}

std::set<std::string> hosts_of(const Json& container) {
  std::set<std::string> hosts;
  for (const char* probe : {"livenessProbe", "readinessProbe", "startupProbe"}) {
    add_host(at(container, {probe}), hosts);
  }
  for (const char* hook : {"postStart", "preStop"}) {
    add_host(at(container, {"lifecycle", hook}), hosts);
  }
  return hosts;
}

}  // namespace

PodSecurityVerdict app_armor_profile(const PodView& pod) {
  std::set<std::string> values = bad_annotations(pod);
  const size_t annotations = values.size();
  const Culprits culprits = contexts_that(pod, [&](const Json& context) {
    const Json& profile = at(context, {"appArmorProfile"});
    if (is_confined(profile)) return false;
    values.insert(text_at(profile, {"type"}));
    return true;
  });
  if (values.empty()) return std::nullopt;
  std::string who = culprits.any() ? culprits.text() : "";
  if (annotations > 0) {
    who.append(who.empty() ? "" : " and ").append(plural("annotation", annotations));
  }
  return PodSecurityFault{plural("forbidden AppArmor profile", values.size()),
                          who + " must not set AppArmor profile type to " + quoted(values)};
}

PodSecurityVerdict capabilities_baseline(const PodView& pod) {
  std::set<std::string> added;
  const auto culprits = containers_that(pod, [&](const Json& container) {
    bool any = false;
    for (const Json& one : at(container, {"securityContext", "capabilities", "add"})) {
      const auto capability = text_at(one, {});
      if (contains(kDefaultCapabilities, capability)) continue;
      added.insert(capability);
      any = true;
    }
    return any;
  });
  if (culprits.empty()) return std::nullopt;
  return PodSecurityFault{"non-default capabilities", containers_text(culprits) +
                                                          " must not include " + quoted(added) +
                                                          " in securityContext.capabilities.add"};
}

PodSecurityVerdict host_namespaces(const PodView& pod) {
  std::string shared;
  for (const std::string field : {"hostNetwork", "hostPID", "hostIPC"}) {
    if (!is_true_at(pod.spec, {field})) continue;
    shared.append(shared.empty() ? "" : ", ").append(field).append("=true");
  }
  if (shared.empty()) return std::nullopt;
  return PodSecurityFault{"host namespaces", shared};
}

PodSecurityVerdict host_path_volumes(const PodView& pod) {
  std::vector<std::string> names;
  for (const Json& volume : at(pod.spec, {"volumes"})) {
    if (volume.contains("hostPath")) names.push_back(text_at(volume, {"name"}));
  }
  if (names.empty()) return std::nullopt;
  return PodSecurityFault{"hostPath volumes", plural("volume", names.size()) + " " + quoted(names)};
}

PodSecurityVerdict host_ports(const PodView& pod) {
  std::set<std::string> ports;
  const auto culprits = containers_that(pod, [&](const Json& container) {
    bool any = false;
    for (const Json& port : at(container, {"ports"})) {
      const Json& host_port = at(port, {"hostPort"});
      if (!host_port.is_number() || host_port == 0) continue;
      ports.insert(host_port.dump());
      any = true;
    }
    return any;
  });
  if (culprits.empty()) return std::nullopt;
  std::string list;
  for (const auto& port : ports) list.append(list.empty() ? "" : ", ").append(port);
  return PodSecurityFault{"hostPort", containers_text(culprits) +
                                          (culprits.size() == 1 ? " uses " : " use ") +
                                          plural("hostPort", ports.size()) + " " + list};
}

PodSecurityVerdict host_probes_and_host_lifecycle(const PodView& pod) {
  std::set<std::string> hosts;
  std::set<std::string> culprits;
  for (const Json* container : pod.containers) {
    const auto own = hosts_of(*container);
    if (own.empty()) continue;
    hosts.insert(own.begin(), own.end());
    culprits.insert(text_at(*container, {"name"}));
  }
  if (culprits.empty()) return std::nullopt;
  const std::vector<std::string> names(culprits.begin(), culprits.end());
  return PodSecurityFault{"probe or lifecycle host",
                          containers_text(names) + (names.size() == 1 ? " uses " : " use ") +
                              plural("probe or lifecycle host", hosts.size()) + " " +
                              quoted(hosts)};
}

PodSecurityVerdict privileged(const PodView& pod) {
  const auto culprits = containers_that(pod, [](const Json& container) {
    return is_true_at(container, {"securityContext", "privileged"});
  });
  if (culprits.empty()) return std::nullopt;
  return PodSecurityFault{
      "privileged", containers_text(culprits) + " must not set securityContext.privileged=true"};
}

PodSecurityVerdict proc_mount_baseline(const PodView& pod) {
  return pod.in_user_namespace ? std::nullopt : proc_mount_restricted(pod);
}

PodSecurityVerdict se_linux_options(const PodView& pod) {
  std::set<std::string> types;
  bool sets_user = false;
  bool sets_role = false;
  const Culprits culprits = contexts_that(pod, [&](const Json& context) {
    const Json& options = at(context, {"seLinuxOptions"});
    const std::string type = text_at(options, {"type"});
    const bool bad_type = !contains(kSeLinuxTypes, type);
    const bool user = !text_at(options, {"user"}).empty();
    const bool role = !text_at(options, {"role"}).empty();
    if (bad_type) types.insert(type);
    sets_user = sets_user || user;
    sets_role = sets_role || role;
    return bad_type || user || role;
  });
  if (!culprits.any()) return std::nullopt;
  std::string what;
  if (!types.empty()) what = plural("type", types.size()) + " " + quoted(types);
  if (sets_user) what.append(what.empty() ? "" : "; ").append("user may not be set");
  if (sets_role) what.append(what.empty() ? "" : "; ").append("role may not be set");
  return PodSecurityFault{
      "seLinuxOptions", culprits.text() + " set forbidden securityContext.seLinuxOptions: " + what};
}

PodSecurityVerdict seccomp_profile_baseline(const PodView& pod) {
  std::set<std::string> types;
  const Culprits culprits = contexts_that(pod, [&](const Json& context) {
    const Json& profile = at(context, {"seccompProfile"});
    if (is_confined(profile)) return false;
    types.insert(text_at(profile, {"type"}));
    return true;
  });
  if (!culprits.any()) return std::nullopt;
  return PodSecurityFault{
      "seccompProfile",
      culprits.text() + " must not set securityContext.seccompProfile.type to " + quoted(types)};
}

PodSecurityVerdict sysctls(const PodView& pod) {
  std::string names;
  for (const Json& sysctl : at(pod.context, {"sysctls"})) {
    const std::string name = text_at(sysctl, {"name"});
    if (!contains(kSafeSysctls, name)) names.append(names.empty() ? "" : ", ").append(name);
  }
  if (names.empty()) return std::nullopt;
  return PodSecurityFault{"forbidden sysctls", names};
}

PodSecurityVerdict windows_host_process(const PodView& pod) {
  const Culprits culprits = contexts_that(pod, [](const Json& context) {
    return is_true_at(context, {"windowsOptions", "hostProcess"});
  });
  if (!culprits.any()) return std::nullopt;
  return PodSecurityFault{
      "hostProcess",
      culprits.text() + " must not set securityContext.windowsOptions.hostProcess=true"};
}

}  // namespace sandboxlet::api
