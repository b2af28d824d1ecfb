#include "scheduler-shim/network/endpoint_slice.h"

#include <algorithm>

#include "kube/fields.h"
#include "scheduler-shim/json_reader.h"
#include "scheduler-shim/network/member.h"
#include "scheduler-shim/network/names.h"

namespace sandboxlet::network {

namespace {

using scheduler::JsonReader;

std::string family_of(const std::string& ip) {
  return ip.find(':') == std::string::npos ? "IPv4" : "IPv6";
}

Json ports_of(const EndpointSlice& slice) {
  Json ports = Json::array();
  for (const Port& port : slice.ports) {
    ports.push_back({{"name", port.name}, {"port", port.number}, {"protocol", port.protocol}});
  }
  return ports;
}

// serving is ready, but for what terminates.
Json endpoints_of(const EndpointSlice& slice) {
  Json endpoint{{"addresses", {slice.address}},
                {"conditions",
                 {{"ready", slice.is_ready},
                  {"serving", slice.is_ready},
                  {"terminating", slice.is_terminating}}}};
  if (!slice.node_name.empty()) endpoint["nodeName"] = slice.node_name;
  return Json::array({std::move(endpoint)});
}

}  // namespace

std::vector<EndpointSlice> slices_of(const Service& service, const Reach& reach) {
  std::vector<EndpointSlice> slices;
  for (const std::string& ip : reach.ips) {
    const std::string family = family_of(ip);
    const bool has_one = std::any_of(slices.begin(), slices.end(),
                                     [&](const auto& one) { return one.family == family; });
    if (has_one) continue;
    slices.push_back({slice_name(service.name, family), service.name, family, ip, reach.node_name,
                      reach.is_ready, reach.is_deleting, endpoint_ports(service, reach)});
  }
  return slices;
}

KnownSlice read_slice(const Json& object) {
  JsonReader reader;
  KnownSlice known;
  EndpointSlice& slice = known.slice;
  known.uid = kube::text_at(object, "/metadata/uid");
  known.version = kube::text_at(object, "/metadata/resourceVersion");
  slice.name = kube::text_at(object, "/metadata/name");
  slice.service = reader.text(member(member(object, "metadata"), "labels"), kServiceNameLabel);
  slice.family = reader.text(object, "addressType");
  reader.each(object, "endpoints", [&](const Json& endpoint) {
    const auto addresses = reader.texts(endpoint, "addresses");
    if (!addresses.empty()) slice.address = addresses.front();
    slice.node_name = reader.text(endpoint, "nodeName");
    const Json& conditions = member(endpoint, "conditions");
    slice.is_ready = reader.boolean(conditions, "ready");
    slice.is_terminating = reader.boolean(conditions, "terminating");
  });
  reader.each(object, "ports", [&](const Json& port) {
    slice.ports.push_back(
        {reader.text(port, "name"), reader.integer(port, "port"), reader.text(port, "protocol")});
  });
  return known;
}

Json new_slice(const EndpointSlice& slice, const Reach& reach) {
  Json metadata = owned_metadata(slice.name, reach);
  metadata["labels"][kServiceNameLabel] = slice.service;
  metadata["labels"][kSliceManagedByLabel] = kManager;
  return {{"apiVersion", "discovery.k8s.io/v1"}, {"kind", "EndpointSlice"},
          {"metadata", std::move(metadata)},     {"addressType", slice.family},
          {"endpoints", endpoints_of(slice)},    {"ports", ports_of(slice)}};
}

Json slice_patch(const EndpointSlice& slice, const KnownSlice& known) {
  return {{"metadata", {{"uid", known.uid}, {"labels", {{kServiceNameLabel, slice.service}}}}},
          {"endpoints", endpoints_of(slice)},
          {"ports", ports_of(slice)}};
}

}  // namespace sandboxlet::network
