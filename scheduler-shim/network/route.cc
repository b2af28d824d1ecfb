#include "scheduler-shim/network/route.h"

#include <fmt/format.h>

#include <algorithm>

#include "kube/fields.h"
#include "scheduler-shim/json_reader.h"
#include "scheduler-shim/network/member.h"

namespace sandboxlet::network {

namespace {

using scheduler::JsonReader;

// ---- gateway.networking.k8s.io

// Where its clients go: TLS is known by the Gateway's port or the listener that a route names, as
// the Gateway itself is not read.
struct Entrance {
  bool is_tls = false;
  int32_t port = 0;
};

Entrance entrance_of(const Json& spec) {
  Entrance entrance;
  JsonReader reader;
  reader.each(spec, "parentRefs", [&](const Json& parent) {
    if (entrance.port == 0) entrance.port = reader.integer(parent, "port");
    const bool is_named_so = reader.text(parent, "sectionName").starts_with("https");
    entrance.is_tls = entrance.is_tls || is_named_so || entrance.port == 443;
  });
  return entrance;
}

std::string url_of(const Entrance& entrance, const std::string& host, const std::string& path) {
  if (host.empty()) return "";
  const int32_t usual = entrance.is_tls ? 443 : 80;
  std::string url = (entrance.is_tls ? "https://" : "http://") + host;
  if (entrance.port != 0 && entrance.port != usual) url += fmt::format(":{}", entrance.port);
  return url + (path == "/" ? "" : path);
}

// One that stands for many is no host to go to.
bool is_host(const std::string& name) { return !name.empty() && !name.starts_with('*'); }

std::string first_host(const Json& spec) {
  const auto names = JsonReader().texts(spec, "hostnames");
  const auto found = std::find_if(names.begin(), names.end(), is_host);
  return found == names.end() ? "" : *found;
}

// Of the first match of a rule; a regular expression is no path to go to.
std::string path_of_rule(const Json& rule) {
  const Json& matches = member(rule, "matches");
  if (!matches.is_array() || matches.empty()) return "";
  const Json& path = member(matches.front(), "path");
  return kube::text_at(path, "/type") == "RegularExpression" ? "" : kube::text_at(path, "/value");
}

void read_gateway_backends(const Json& object, Route& route) {
  JsonReader reader;
  const Json& spec = member(object, "spec");
  const Entrance entrance = entrance_of(spec);
  const std::string host = first_host(spec);
  reader.each(spec, "rules", [&](const Json& rule) {
    const std::string url = url_of(entrance, host, path_of_rule(rule));
    reader.each(rule, "backendRefs", [&](const Json& backend) {
      const std::string kind = reader.text(backend, "kind");
      const std::string namespace_ = reader.text(backend, "namespace");
      const bool is_service =
          reader.text(backend, "group").empty() && (kind.empty() || kind == "Service");
      const bool is_here = namespace_.empty() || namespace_ == route.namespace_;
      if (is_service && is_here) route.backends.push_back({reader.text(backend, "name"), url});
    });
  });
}

// What its parents say; one that takes it is enough.
std::string trouble_of_parents(const Json& status) {
  std::string refusal;
  bool is_accepted = false;
  JsonReader reader;
  reader.each(status, "parents", [&](const Json& parent) {
    reader.each(parent, "conditions", [&](const Json& condition) {
      if (reader.text(condition, "type") != "Accepted") return;
      if (reader.text(condition, "status") == "True") {
        is_accepted = true;
      } else {
        refusal =
            fmt::format("not accepted by {}: {}: {}", kube::text_at(parent, "/parentRef/name"),
                        reader.text(condition, "reason"), reader.text(condition, "message"));
      }
    });
  });
  if (is_accepted) return "";
  return refusal.empty() ? "not accepted by any Gateway yet" : refusal;
}

// ---- networking.k8s.io

std::vector<std::string> tls_hosts(const Json& spec) {
  std::vector<std::string> hosts;
  JsonReader reader;
  reader.each(spec, "tls", [&](const Json& tls) {
    for (std::string& host : reader.texts(tls, "hosts")) hosts.push_back(std::move(host));
  });
  return hosts;
}

void read_ingress_backends(const Json& object, Route& route) {
  JsonReader reader;
  const Json& spec = member(object, "spec");
  const auto secure = tls_hosts(spec);
  const std::string fallback = kube::text_at(spec, "/defaultBackend/service/name");
  if (!fallback.empty()) route.backends.push_back({fallback, ""});
  reader.each(spec, "rules", [&](const Json& rule) {
    const std::string host = reader.text(rule, "host");
    Entrance entrance;
    entrance.is_tls = std::find(secure.begin(), secure.end(), host) != secure.end();
    reader.each(member(rule, "http"), "paths", [&](const Json& path) {
      const std::string url =
          url_of(entrance, is_host(host) ? host : "", reader.text(path, "path"));
      route.backends.push_back({kube::text_at(path, "/backend/service/name"), url});
    });
  });
}

// An Ingress has no condition: whoever serves it gives it an address.
std::string trouble_of_balancer(const Json& status) {
  const Json& ingress = member(member(status, "loadBalancer"), "ingress");
  const bool has_address = ingress.is_array() && !ingress.empty();
  return has_address ? "" : "no Ingress controller has given it an address yet";
}

}  // namespace

const RouteKind* find_route_kind(const std::string& name) {
  const auto* const found = std::find_if(std::begin(kRouteKinds), std::end(kRouteKinds),
                                         [&](const RouteKind& kind) { return kind.name == name; });
  return found == std::end(kRouteKinds) ? nullptr : found;
}

Route read_route(const RouteKind& kind, const Json& object) {
  Route route;
  route.namespace_ = kube::text_at(object, "/metadata/namespace");
  route.name = kube::text_at(object, "/metadata/name");
  const Json& status = member(object, "status");
  if (std::string_view(kind.name) == "Ingress") {
    read_ingress_backends(object, route);
    route.trouble = trouble_of_balancer(status);
  } else {
    read_gateway_backends(object, route);
    route.trouble = trouble_of_parents(status);
  }
  return route;
}

RouteStatus route_status(const api::RouteRef& ref, const RouteKnowledge& known,
                         const std::vector<std::string>& services) {
  RouteStatus status{ref.kind, ref.name, false, known.trouble, ""};
  if (!status.message.empty()) return status;
  if (known.route == nullptr) {
    status.message = "not found";
    return status;
  }
  const auto& backends = known.route->backends;
  const auto leads_here = [&](const Backend& one) {
    return std::find(services.begin(), services.end(), one.service) != services.end();
  };
  const auto found = std::find_if(backends.begin(), backends.end(), leads_here);
  if (found == backends.end()) {
    status.message = "leads to no Service of this Sandbox";
    return status;
  }
  // The first that has a URL says it best.
  const auto named = std::find_if(found, backends.end(), [&](const Backend& one) {
    return leads_here(one) && !one.url.empty();
  });
  if (named != backends.end()) status.url = named->url;
  status.message = known.route->trouble;
  status.is_ready = status.message.empty();
  return status;
}

}  // namespace sandboxlet::network
