#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scheduler-shim/network/reach.h"

namespace sandboxlet::network {

// A Service as far as this shim decides it; the rest is its users' and the cluster's.
struct Service {
  std::string name;
  // Without an address of its own, and with upstream's selector.
  bool is_headless = false;
  std::string type;
  std::vector<api::ServicePort> ports;
  bool operator==(const Service&) const = default;
};

// One that the API server has.
struct KnownService {
  Service service;
  // All of our labels, with the right values.
  bool is_labelled = false;
  std::string uid;
  std::string version;
  // Its load balancer may have to go first.
  bool is_deleting = false;
  // ---- Where the cluster has put it.
  std::string cluster_ip;
  std::string balancer_ip;
  std::string balancer_name;
  // One a port; 0 where it has none.
  std::vector<int32_t> node_ports;
};

// Upstream's (agent-sandbox: reconcileService): headless, of the Sandbox's name, with each port of
// its containers once.
Service headless_service(const Reach& reach);
// What spec.networking.service asks for, if it does.
std::optional<Service> own_service(const Reach& reach);

// What its ports lead to, in endpoints' terms: those that name no container port are left out.
std::vector<Port> endpoint_ports(const Service& service, const Reach& reach);
// "port http: no container port is named \"web\""; of those that were left out.
std::vector<std::string> dead_ports(const Service& service, const Reach& reach);

KnownService read_service(const Json& object, const std::string& sandbox);

Json new_service(const Service& service, const Reach& reach);
// The merge patch that makes one that is there so. Ports keep their node ports by their names, as
// the API server sees to itself.
Json service_patch(const Service& service, const KnownService& known, const Reach& reach);

// Of whatever belongs to a Sandbox: metadata with its labels, and the Sandbox as its controller, so
// that it goes with it.
Json owned_metadata(const std::string& name, const Reach& reach);

}  // namespace sandboxlet::network
