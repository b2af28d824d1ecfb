#include "scheduler-shim/network/reach.h"

#include <algorithm>

#include "kube/fields.h"
#include "scheduler-shim/condition_of.h"
#include "scheduler-shim/json_reader.h"
#include "scheduler-shim/network/member.h"
#include "scheduler-shim/takes_traffic.h"

namespace sandboxlet::network {

namespace {

using scheduler::JsonReader;

// What the shim tells, in status.
constexpr const char* kTold[] = {"service", "serviceFQDN", "networking"};

std::string or_tcp(const std::string& protocol) { return protocol.empty() ? "TCP" : protocol; }

void read_ports(JsonReader& reader, const Json& container, std::vector<Port>& ports) {
  reader.each(container, "ports", [&](const Json& port) {
    ports.push_back({reader.text(port, "name"), reader.integer(port, "containerPort"),
                     or_tcp(reader.text(port, "protocol"))});
  });
}

std::vector<Port> container_ports(const Json& spec) {
  std::vector<Port> ports;
  JsonReader reader;
  const Json& pod = member(member(spec, "podTemplate"), "spec");
  reader.each(pod, "containers", [&](const Json& one) { read_ports(reader, one, ports); });
  reader.each(pod, "initContainers", [&](const Json& one) {
    if (reader.text(one, "restartPolicy") == "Always") read_ports(reader, one, ports);
  });
  return ports;
}

// By number, by name, or to the container port of the port's own name, else of its number.
api::IntOrString target_of(const Json& port, const api::ServicePort& read,
                           const std::vector<Port>& ports) {
  const Json& target = member(port, "targetPort");
  if (target.is_number_integer()) return {target.get<int64_t>(), ""};
  if (target.is_string()) return {std::nullopt, target.get<std::string>()};
  const bool is_named = std::any_of(ports.begin(), ports.end(), [&](const Port& one) {
    return one.name == read.name && one.protocol == read.protocol;
  });
  if (!read.name.empty() && is_named) return {std::nullopt, read.name};
  return {read.port, ""};
}

std::optional<api::ServiceSpec> read_service(const Json& networking,
                                             const std::vector<Port>& ports) {
  const Json& object = member(networking, "service");
  if (!object.is_object()) return std::nullopt;
  JsonReader reader;
  api::ServiceSpec service;
  service.type = reader.text(object, "type");
  if (service.type.empty()) service.type = "ClusterIP";
  reader.each(object, "ports", [&](const Json& port) {
    api::ServicePort read;
    read.name = reader.text(port, "name");
    read.port = reader.integer(port, "port");
    read.protocol = or_tcp(reader.text(port, "protocol"));
    read.targetPort = target_of(port, read, ports);
    service.ports.push_back(std::move(read));
  });
  return service;
}

std::vector<api::RouteRef> read_routes(const Json& networking) {
  std::vector<api::RouteRef> routes;
  JsonReader reader;
  reader.each(networking, "routeRefs", [&](const Json& route) {
    routes.push_back({"", reader.text(route, "kind"), reader.text(route, "name")});
  });
  return routes;
}

std::string told(const Json& status) {
  Json fields = Json::object();
  for (const char* name : kTold) {
    if (const Json& field = member(status, name); !field.is_null()) fields[name] = field;
  }
  return fields.empty() ? "" : fields.dump();
}

}  // namespace

bool is_reached(const Json& sandbox) {
  const Json& spec = member(sandbox, "spec");
  const Json& status = member(sandbox, "status");
  const Json& service = member(spec, "service");
  if (service.is_boolean() && service.get<bool>()) return true;
  if (!member(spec, "networking").is_null()) return true;
  return std::any_of(std::begin(kTold), std::end(kTold),
                     [&](const char* name) { return !member(status, name).is_null(); });
}

Reach read_reach(const Json& sandbox) {
  const Json& spec = member(sandbox, "spec");
  const Json& status = member(sandbox, "status");
  Reach reach;
  reach.sandbox = scheduler::sandbox_ref(sandbox);
  reach.version = kube::text_at(sandbox, "/metadata/resourceVersion");
  reach.is_deleting = !kube::text_at(sandbox, "/metadata/deletionTimestamp").empty();
  reach.told = told(status);
  if (kube::text_at(scheduler::condition_of(sandbox, "Ready"), "/reason") == "SandboxExpired") {
    reach.service = false;
    return reach;
  }
  const Json& service = member(spec, "service");
  if (service.is_boolean()) reach.service = service.get<bool>();
  const Json& networking = member(spec, "networking");
  reach.ports = container_ports(spec);
  reach.own_service = read_service(networking, reach.ports);
  reach.routes = read_routes(networking);
  reach.ips = JsonReader().texts(status, "podIPs");
  reach.node_name = kube::text_at(status, "/nodeName");
  reach.is_ready = !reach.is_deleting && scheduler::takes_traffic(sandbox);
  return reach;
}

}  // namespace sandboxlet::network
