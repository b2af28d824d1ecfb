#include <fmt/format.h>

#include <algorithm>

#include "scheduler-shim/read_pod_info.h"
#include "scheduler-shim/read_selectors.h"
#include "scheduler-shim/requests.h"

namespace sandboxlet::scheduler {

namespace {

// Upstream: imagelocality.normalizedImageName.
std::string normalised_image(std::string image) {
  const size_t slash = image.rfind('/');
  const size_t from = slash == std::string::npos ? 0 : slash;
  if (image.find(':', from) == std::string::npos) image += ":latest";
  return image;
}

HostPort read_host_port(JsonReader& reader, const Json& in, std::string_view field) {
  HostPort port;
  const int32_t number = reader.integer(in, field);
  if (number < 0 || number > 65535) reader.fail(field, "must be between 1 and 65535, inclusive");
  port.port = static_cast<uint16_t>(number);
  if (const auto protocol = reader.text(in, "protocol"); !protocol.empty()) {
    port.protocol = protocol;
  }
  if (const auto ip = reader.text(in, "hostIP"); !ip.empty()) port.ip = ip;
  return port;
}

void read_ports(JsonReader& reader, const Json& container, bool host_network,
                PodTemplateInfo& info) {
  reader.each(container, "ports", [&](const Json& one) {
    HostPort port = read_host_port(reader, one, "hostPort");
    // Core's default: on the host's network each container port is one of the host.
    if (port.port == 0 && host_network) port = read_host_port(reader, one, "containerPort");
    if (port.port != 0) info.host_ports.push_back(std::move(port));
  });
}

void read_image(JsonReader& reader, const Json& container, PodTemplateInfo& info) {
  if (auto image = reader.text(container, "image"); !image.empty()) {
    info.images.push_back(normalised_image(std::move(image)));
  }
}

void read_containers(JsonReader& reader, const Json& spec, RequestsByContainer& requests,
                     PodTemplateInfo& info) {
  const bool host_network = reader.boolean(spec, "hostNetwork");
  reader.each(spec, "initContainers", [&](const Json& one) {
    const bool sidecar = reader.text(one, "restartPolicy") == "Always";
    requests.init.push_back({read_requests(reader, one), sidecar});
    read_image(reader, one, info);
    if (sidecar) read_ports(reader, one, host_network, info);
  });
  reader.each(spec, "containers", [&](const Json& one) {
    requests.containers.push_back(read_requests(reader, one));
    read_image(reader, one, info);
    read_ports(reader, one, host_network, info);
  });
}

void read_pod_level(JsonReader& reader, const Json& spec, RequestsByContainer& requests) {
  reader.object(spec, "resources", [&](const Json& resources) {
    requests.pod_level = read_resources(reader, resources, "requests");
    requests.pod_level_limits = read_resources(reader, resources, "limits");
    reader.object(resources, "requests", [&](const Json& written) {
      requests.pod_level_cpu = reader.has(written, "cpu");
      requests.pod_level_memory = reader.has(written, "memory");
    });
  });
}

void add_runtime_class(const std::string& name, const Classes& classes,
                       RequestsByContainer& requests, PodTemplateInfo& info) {
  if (name.empty()) return;
  const auto found = classes.runtime.find(name);
  if (found == classes.runtime.end()) {
    info.unplaceable =
        fmt::format("spec.podTemplate.spec.runtimeClassName: Not found: \"{}\"", name);
    return;
  }
  const RuntimeClassInfo& known = found->second;
  info.runtime_handler = known.handler;
  requests.overhead = known.overhead;
  info.node_selector.insert(info.node_selector.end(), known.node_selector.begin(),
                            known.node_selector.end());
  info.tolerations.insert(info.tolerations.end(), known.tolerations.begin(),
                          known.tolerations.end());
}

}  // namespace

PodTemplateInfo read_pod_spec(JsonReader& reader, const Json& pod_spec, const Classes& classes) {
  PodTemplateInfo info;
  RequestsByContainer requests;
  read_containers(reader, pod_spec, requests, info);
  read_pod_level(reader, pod_spec, requests);
  info.node_name = reader.text(pod_spec, "nodeName");
  info.node_selector = read_equalities(reader, pod_spec, "nodeSelector");
  info.tolerations = read_tolerations(reader, pod_spec, "tolerations");
  read_affinity(reader, pod_spec, info);
  read_spread(reader, pod_spec, info);
  add_runtime_class(reader.text(pod_spec, "runtimeClassName"), classes, requests, info);
  if (reader.has(pod_spec, "schedulingGates") && !pod_spec["schedulingGates"].empty()) {
    info.unplaceable = "Scheduling is blocked due to non-empty scheduling gates";
    info.is_gated = true;
  }
  const PodRequests total = pod_requests(requests);
  info.requests = total.requests;
  info.scoring_milli_cpu = total.scoring_milli_cpu;
  info.scoring_memory = total.scoring_memory;
  return info;
}

Result<RuntimeClassInfo> read_runtime_class(const Json& object) {
  JsonReader reader;
  RuntimeClassInfo info;
  info.handler = reader.text(object, "handler");
  reader.object(object, "overhead", [&](const Json& overhead) {
    info.overhead = read_resources(reader, overhead, "podFixed");
  });
  reader.object(object, "scheduling", [&](const Json& scheduling) {
    info.node_selector = read_equalities(reader, scheduling, "nodeSelector");
    info.tolerations = read_tolerations(reader, scheduling, "tolerations");
  });
  if (reader.error()) return *reader.error();
  return info;
}

}  // namespace sandboxlet::scheduler
