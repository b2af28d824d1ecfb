#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scheduler-shim/network/reach.h"

namespace sandboxlet::network {

// A kind of route that spec.networking.routeRefs may name.
struct RouteKind {
  const char* name;
  kube::Resource resource;
};

inline constexpr RouteKind kRouteKinds[] = {
    {"HTTPRoute", {"gateway.networking.k8s.io", "v1", "httproutes"}},
    {"Ingress", {"networking.k8s.io", "v1", "ingresses"}},
    {"TCPRoute", {"gateway.networking.k8s.io", "v1alpha2", "tcproutes"}},
};
// nullptr where that is none.
const RouteKind* find_route_kind(const std::string& name);

// A Service that a route leads to, and from where.
struct Backend {
  std::string service;
  // As a browser has it, where a rule says it: "https://a.example.com/b".
  std::string url;
};

// What of a route counts.
struct Route {
  std::string namespace_;
  std::string name;
  // Those of its own namespace.
  std::vector<Backend> backends;
  // Why it is not in use; empty where it is.
  std::string trouble;
};

Route read_route(const RouteKind& kind, const Json& object);

// What status.networking.routes says of one.
struct RouteStatus {
  std::string kind;
  std::string name;
  bool is_ready = false;
  std::string message;
  std::string url;
};

// What is known of a route that a Sandbox refers to.
struct RouteKnowledge {
  // Why the kind cannot be read here; empty where it can.
  std::string trouble;
  // nullptr where it is not there.
  const Route* route = nullptr;
};

// services: of the Sandbox.
RouteStatus route_status(const api::RouteRef& ref, const RouteKnowledge& known,
                         const std::vector<std::string>& services);

}  // namespace sandboxlet::network
