#include "scheduler-shim/network/networking_status.h"

#include <fmt/format.h>

#include <algorithm>

#include "scheduler-shim/network/names.h"

namespace sandboxlet::network {

namespace {

const KnownService* standing(const Situation& now, const std::string& name) {
  const auto all = standing_services(now);
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const auto* one) { return one->service.name == name; });
  return found == all.end() ? nullptr : *found;
}

const KnownService* own_service_of(const Situation& now) {
  return standing(now, api::own_service_name(now.reach.sandbox.name));
}

std::string domain_name(const Situation& now, const std::string& service) {
  return fmt::format("{}.{}.svc.{}", service, now.reach.sandbox.namespace_, now.cluster_domain);
}

Json ports_of(const KnownService& known) {
  Json ports = Json::array();
  for (size_t i = 0; i < known.service.ports.size(); ++i) {
    const api::ServicePort& port = known.service.ports[i];
    Json one{{"port", port.port}, {"protocol", port.protocol}};
    if (!port.name.empty()) one["name"] = port.name;
    if (known.node_ports[i] != 0) one["nodePort"] = known.node_ports[i];
    ports.push_back(std::move(one));
  }
  return ports;
}

Json routes_of(const std::vector<RouteStatus>& routes) {
  Json list = Json::array();
  for (const RouteStatus& route : routes) {
    Json one{{"kind", route.kind}, {"name", route.name}, {"ready", route.is_ready}};
    if (!route.message.empty()) one["message"] = route.message;
    if (!route.url.empty()) one["url"] = route.url;
    list.push_back(std::move(one));
  }
  return list;
}

// From outside of the cluster, where there is a way.
std::string host_of(const Situation& now, const KnownService& known) {
  if (!known.balancer_name.empty()) return known.balancer_name;
  if (!known.balancer_ip.empty()) return known.balancer_ip;
  return domain_name(now, known.service.name);
}

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

// Of the first port that its name says to speak HTTP.
std::string url_of_service(const Situation& now, const KnownService& known) {
  for (const api::ServicePort& port : known.service.ports) {
    if (port.name != "http" && port.name != "https") continue;
    const std::string url = port.name + "://" + bracketed(host_of(now, known));
    const int32_t usual = port.name == "http" ? 80 : 443;
    return port.port == usual ? url : fmt::format("{}:{}", url, port.port);
  }
  return "";
}

// A route that is ready comes first: its user has made it for this.
std::string url_of(const Situation& now, const KnownService* known) {
  for (const RouteStatus& route : *now.routes) {
    if (route.is_ready && !route.url.empty()) return route.url;
  }
  return known == nullptr ? "" : url_of_service(now, *known);
}

std::string message_of(const Situation& now, const KnownService* known) {
  std::string message = text_of(now.refusals);
  if (known == nullptr) return message;
  for (const std::string& port : dead_ports(known->service, now.reach)) {
    message.append(message.empty() ? "" : "; ").append(port);
  }
  return message;
}

Json networking_of(const Situation& now) {
  Json networking = Json::object();
  const auto say = [&](const char* field, const std::string& text) {
    if (!text.empty()) networking[field] = text;
  };
  const KnownService* const known = own_service_of(now);
  say("url", url_of(now, known));
  say("message", message_of(now, known));
  if (known != nullptr) {
    say("ip", known->balancer_ip.empty() ? known->cluster_ip : known->balancer_ip);
    networking["ports"] = ports_of(*known);
  }
  if (!now.routes->empty()) networking["routes"] = routes_of(*now.routes);
  return networking;
}

}  // namespace

Json told_of(const Situation& now) {
  Json told = Json::object();
  const std::string& name = now.reach.sandbox.name;
  if (standing(now, name) != nullptr) {
    told["service"] = name;
    told["serviceFQDN"] = domain_name(now, name);
  }
  Json networking = networking_of(now);
  if (!networking.empty()) told["networking"] = std::move(networking);
  return told;
}

Json status_patch(const Situation& now) {
  const Json told = told_of(now);
  const std::string text = told.empty() ? "" : told.dump();
  if (text == now.reach.told) return nullptr;
  Json status{{"service", nullptr}, {"serviceFQDN", nullptr}, {"networking", nullptr}};
  status.update(told);
  // Else what was said before would stay beside it.
  if (told.contains("networking")) {
    for (const char* field : {"url", "ip", "message", "ports", "routes"}) {
      if (!told["networking"].contains(field)) status["networking"][field] = nullptr;
    }
  }
  return scheduler::status_over(now.reach.sandbox.uid, now.reach.version, std::move(status));
}

}  // namespace sandboxlet::network
