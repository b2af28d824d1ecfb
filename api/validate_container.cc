#include <arpa/inet.h>
#include <fmt/format.h>

#include "api/expansion.h"
#include "api/names.h"
#include "api/validate.h"

namespace sandboxlet::api {

namespace {

constexpr int64_t kMaxPort = 65535;

bool is_ip_address(const std::string& text) {
  in6_addr address{};
  return inet_pton(AF_INET, text.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

void validate_port(const Field& field, const ContainerPort& port) {
  if (port.containerPort == 0) {
    field.child("containerPort").required();
  } else {
    validate_range(field.child("containerPort"), port.containerPort, 1, kMaxPort);
  }
  if (port.hostPort.value_or(0) != 0) {
    validate_range(field.child("hostPort"), *port.hostPort, 1, kMaxPort);
  }
  validate_choice(field.child("protocol"), port.protocol, {"SCTP", "TCP", "UDP"});
  if (!port.hostIP.empty() && !is_ip_address(port.hostIP)) {
    field.child("hostIP").invalid(port.hostIP,
                                  "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
  }
}

void validate_ports(const Field& field, const std::vector<ContainerPort>& ports) {
  NameSet names;
  for (size_t i = 0; i < ports.size(); ++i) {
    const std::string& name = ports[i].name;
    if (!name.empty()) {
      report(field.index(i).child("name"), name, port_name(name));
      validate_unique(field.index(i).child("name"), name, names);
    }
    validate_port(field.index(i), ports[i]);
  }
}

// A port of the host goes to one container port of the pod.
void validate_host_ports(const Field& field, const std::vector<Container>& containers) {
  std::set<std::string> taken;
  for (size_t i = 0; i < containers.size(); ++i) {
    const auto& ports = containers[i].ports;
    for (size_t j = 0; j < ports.size(); ++j) {
      const int32_t number = ports[j].hostPort.value_or(0);
      if (number == 0) continue;
      const auto key = fmt::format("{}/{}/{}", ports[j].protocol, ports[j].hostIP, number);
      if (!taken.insert(key).second) {
        field.index(i).child("ports").index(j).child("hostPort").duplicate(key);
      }
    }
  }
}

void validate_env(const Field& field, const std::vector<EnvVar>& env) {
  for (size_t i = 0; i < env.size(); ++i) {
    const Field name = field.index(i).child("name");
    if (env[i].name.empty()) name.required();
    report(name, env[i].name, env_var_name(env[i].name));
    validate_text(field.index(i).child("value"), env[i].value);
  }
}

void validate_mounts(const Field& field, const std::vector<VolumeMount>& mounts,
                     const NameSet& volumes) {
  NameSet paths;
  for (size_t i = 0; i < mounts.size(); ++i) {
    const VolumeMount& mount = mounts[i];
    const Field path = field.index(i).child("mountPath");
    if (mount.name.empty()) {
      field.index(i).child("name").required();
    } else if (!volumes.contains(mount.name)) {
      field.index(i).child("name").not_found(mount.name);
    }
    if (mount.mountPath.empty()) path.required();
    validate_text(path, mount.mountPath);
    if (!paths.insert(mount.mountPath).second) path.invalid(mount.mountPath, "must be unique");
  }
}

void validate_words(const Field& field, const std::vector<std::string>& words) {
  for (size_t i = 0; i < words.size(); ++i) validate_text(field.index(i), words[i]);
}

void validate_image(const Field& field, const std::string& image) {
  constexpr std::string_view kSpace = " \t\n\v\f\r";
  if (image.empty()) return field.required();
  if (kSpace.find(image.front()) != std::string_view::npos ||
      kSpace.find(image.back()) != std::string_view::npos) {
    field.invalid(image, "must not have leading or trailing whitespace");
  }
  validate_text(field, image);
}

void validate_container(const Field& field, const Container& container, const NameSet& volumes) {
  validate_image(field.child("image"), container.image);
  validate_words(field.child("command"), container.command);
  validate_words(field.child("args"), container.args);
  validate_text(field.child("workingDir"), container.workingDir);
  validate_ports(field.child("ports"), container.ports);
  validate_env(field.child("env"), container.env);
  if (const auto expanded = expand(container); !expanded) field.add(expanded.error().message());
  validate_resources(field.child("resources"), container.resources);
  validate_mounts(field.child("volumeMounts"), container.volumeMounts, volumes);
  validate_choice(field.child("imagePullPolicy"), container.imagePullPolicy,
                  {"Always", "IfNotPresent", "Never"});
  if (container.securityContext) {
    validate_security(field.child("securityContext"), *container.securityContext);
  }
}

}  // namespace

void validate_containers(const Field& field, const std::vector<Container>& containers,
                         const NameSet& volumes) {
  if (containers.empty()) return field.required();
  NameSet names;
  for (size_t i = 0; i < containers.size(); ++i) {
    const std::string& name = containers[i].name;
    if (name.empty()) {
      field.index(i).child("name").required();
    } else {
      report(field.index(i).child("name"), name, dns1123_label(name));
      validate_unique(field.index(i).child("name"), name, names);
    }
    validate_container(field.index(i), containers[i], volumes);
  }
  validate_host_ports(field, containers);
}

}  // namespace sandboxlet::api
