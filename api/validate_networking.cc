#include <fmt/format.h>

#include "api/names.h"
#include "api/validate.h"

namespace sandboxlet::api {

namespace {

constexpr int64_t kMaxPort = 65535;

void validate_target(const Field& field, const IntOrString& target) {
  if (target.number) return validate_range(field, *target.number, 1, kMaxPort);
  report(field, target.name, port_name(target.name));
}

void validate_port(const Field& field, const ServicePort& port) {
  validate_range(field.child("port"), port.port, 1, kMaxPort);
  validate_choice(field.child("protocol"), port.protocol, {"SCTP", "TCP", "UDP"});
  if (port.targetPort) validate_target(field.child("targetPort"), *port.targetPort);
}

void validate_service(const Field& field, const ServiceSpec& service) {
  validate_choice(field.child("type"), service.type, {"ClusterIP", "LoadBalancer", "NodePort"});
  const Field ports = field.child("ports");
  if (service.ports.empty()) ports.required();
  NameSet names;
  std::set<std::string> numbers;
  for (size_t i = 0; i < service.ports.size(); ++i) {
    const ServicePort& port = service.ports[i];
    const Field name = ports.index(i).child("name");
    if (!port.name.empty()) {
      report(name, port.name, dns1123_label(port.name));
      validate_unique(name, port.name, names);
    } else if (service.ports.size() > 1) {
      name.required();
    }
    validate_port(ports.index(i), port);
    const std::string number = fmt::format("{}/{}", port.protocol, port.port);
    if (!numbers.insert(number).second) ports.index(i).duplicate(number);
  }
}

void validate_route(const Field& field, const RouteRef& route) {
  validate_choice(field.child("kind"), route.kind, {"HTTPRoute", "Ingress", "TCPRoute"});
  const std::string_view group =
      route.kind == "Ingress" ? "networking.k8s.io" : "gateway.networking.k8s.io";
  if (!route.group.empty()) validate_choice(field.child("group"), route.group, {group});
  if (route.name.empty()) return field.child("name").required();
  report(field.child("name"), route.name, dns1123_subdomain(route.name));
}

}  // namespace

void validate_networking(const Field& field, const NetworkingSpec& networking) {
  if (networking.service) validate_service(field.child("service"), *networking.service);
  std::set<std::string> seen;
  for (size_t i = 0; i < networking.routeRefs.size(); ++i) {
    const RouteRef& route = networking.routeRefs[i];
    validate_route(field.child("routeRefs").index(i), route);
    const std::string key = route.kind + "/" + route.name;
    if (!seen.insert(key).second) field.child("routeRefs").index(i).duplicate(key);
  }
}

}  // namespace sandboxlet::api
