#include "scheduler-shim/network/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "kube/fields.h"
#include "scheduler-shim/json_reader.h"
#include "scheduler-shim/network/member.h"
#include "scheduler-shim/network/names.h"

namespace sandboxlet::network {

namespace {

using scheduler::JsonReader;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// A name is used once: what else would have it is named by its number.
std::string headless_port_name(const Port& port, std::set<std::string>& names) {
  const bool is_free = !port.name.empty() && names.insert(port.name).second;
  return is_free ? port.name : fmt::format("p-{}-{}", port.number, lower(port.protocol));
}

// As Kubernetes looks for it (kubernetes: pkg/api/v1/pod FindPort).
const Port* find_target(const api::ServicePort& port, const Reach& reach) {
  const auto found = std::find_if(reach.ports.begin(), reach.ports.end(), [&](const Port& one) {
    return one.name == port.targetPort->name && one.protocol == port.protocol;
  });
  return found == reach.ports.end() ? nullptr : &*found;
}

Json labels_of(const std::string& sandbox) {
  return {{kNameHashLabel, name_hash(sandbox)}, {kManagedByLabel, kManager}};
}

Json ports_of(const Service& service) {
  Json ports = Json::array();
  for (const api::ServicePort& port : service.ports) {
    Json one{{"port", port.port}, {"protocol", port.protocol}};
    if (!port.name.empty()) one["name"] = port.name;
    one["targetPort"] =
        port.targetPort->number ? Json(*port.targetPort->number) : Json(port.targetPort->name);
    ports.push_back(std::move(one));
  }
  return ports;
}

Json spec_of(const Service& service, const Reach& reach) {
  Json spec{{"type", service.type}, {"ports", ports_of(service)}};
  if (service.is_headless) spec["selector"] = {{kNameHashLabel, name_hash(reach.sandbox.name)}};
  return spec;
}

api::ServicePort read_port(JsonReader& reader, const Json& port) {
  api::ServicePort read;
  read.name = reader.text(port, "name");
  read.port = reader.integer(port, "port");
  read.protocol = reader.text(port, "protocol");
  const Json& target = member(port, "targetPort");
  if (target.is_string()) {
    read.targetPort = {std::nullopt, target.get<std::string>()};
  } else {
    read.targetPort = {reader.integer(port, "targetPort", read.port), ""};
  }
  return read;
}

}  // namespace

Service headless_service(const Reach& reach) {
  Service service{reach.sandbox.name, true, "ClusterIP", {}};
  std::set<std::pair<int32_t, std::string>> seen;
  std::set<std::string> names;
  for (const Port& port : reach.ports) {
    if (!seen.emplace(port.number, port.protocol).second) continue;
    api::ServicePort one;
    one.name = headless_port_name(port, names);
    one.port = port.number;
    one.targetPort = {port.number, ""};
    one.protocol = port.protocol;
    service.ports.push_back(std::move(one));
  }
  return service;
}

std::optional<Service> own_service(const Reach& reach) {
  if (!reach.own_service) return std::nullopt;
  return Service{api::own_service_name(reach.sandbox.name), false, reach.own_service->type,
                 reach.own_service->ports};
}

std::vector<Port> endpoint_ports(const Service& service, const Reach& reach) {
  std::vector<Port> ports;
  for (const api::ServicePort& port : service.ports) {
    if (port.targetPort->number) {
      ports.push_back({port.name, static_cast<int32_t>(*port.targetPort->number), port.protocol});
    } else if (const Port* const target = find_target(port, reach)) {
      ports.push_back({port.name, target->number, port.protocol});
    }
  }
  return ports;
}

std::vector<std::string> dead_ports(const Service& service, const Reach& reach) {
  std::vector<std::string> dead;
  for (const api::ServicePort& port : service.ports) {
    if (port.targetPort->number || find_target(port, reach) != nullptr) continue;
    dead.push_back(fmt::format("port {}: no container has a {} port named \"{}\"", port.port,
                               port.protocol, port.targetPort->name));
  }
  return dead;
}

KnownService read_service(const Json& object, const std::string& sandbox) {
  JsonReader reader;
  KnownService known;
  Service& service = known.service;
  service.name = kube::text_at(object, "/metadata/name");
  known.uid = kube::text_at(object, "/metadata/uid");
  known.version = kube::text_at(object, "/metadata/resourceVersion");
  known.is_deleting = !kube::text_at(object, "/metadata/deletionTimestamp").empty();
  const api::StringMap labels = reader.text_map(member(object, "metadata"), "labels");
  const Json wanted = labels_of(sandbox);
  known.is_labelled =
      std::all_of(wanted.items().begin(), wanted.items().end(), [&](const auto& one) {
        const auto found = labels.find(one.key());
        return found != labels.end() && found->second == one.value();
      });
  const Json& spec = member(object, "spec");
  service.type = reader.text(spec, "type");
  known.cluster_ip = reader.text(spec, "clusterIP");
  service.is_headless = known.cluster_ip == "None";
  if (service.is_headless) known.cluster_ip.clear();
  reader.each(spec, "ports", [&](const Json& port) {
    service.ports.push_back(read_port(reader, port));
    known.node_ports.push_back(reader.integer(port, "nodePort"));
  });
  const Json& balancer = member(member(object, "status"), "loadBalancer");
  reader.each(balancer, "ingress", [&](const Json& one) {
    if (known.balancer_ip.empty()) known.balancer_ip = reader.text(one, "ip");
    if (known.balancer_name.empty()) known.balancer_name = reader.text(one, "hostname");
  });
  return known;
}

Json new_service(const Service& service, const Reach& reach) {
  Json spec = spec_of(service, reach);
  if (service.is_headless) spec["clusterIP"] = "None";
  return {{"apiVersion", "v1"},
          {"kind", "Service"},
          {"metadata", owned_metadata(service.name, reach)},
          {"spec", std::move(spec)}};
}

Json service_patch(const Service& service, const KnownService& known, const Reach& reach) {
  return {{"metadata", {{"uid", known.uid}, {"labels", labels_of(reach.sandbox.name)}}},
          {"spec", spec_of(service, reach)}};
}

Json owned_metadata(const std::string& name, const Reach& reach) {
  return {{"name", name},
          {"namespace", reach.sandbox.namespace_},
          {"labels", labels_of(reach.sandbox.name)},
          {"ownerReferences", Json::array({scheduler::owner_reference(reach.sandbox)})}};
}

}  // namespace sandboxlet::network
