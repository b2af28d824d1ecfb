#pragma once

#include <string>
#include <vector>

#include "scheduler-shim/network/service.h"

namespace sandboxlet::network {

// An EndpointSlice as this shim makes it: a Service's way to a Sandbox's address of one family.
struct EndpointSlice {
  std::string name;
  std::string service;
  // "IPv4" or "IPv6".
  std::string family;
  std::string address;
  std::string node_name;
  bool is_ready = false;
  bool is_terminating = false;
  std::vector<Port> ports;
  bool operator==(const EndpointSlice&) const = default;
};

// One that the API server has.
struct KnownSlice {
  EndpointSlice slice;
  std::string uid;
  std::string version;
};

// One for each family that the Sandbox has an address of; none before it has any.
std::vector<EndpointSlice> slices_of(const Service& service, const Reach& reach);

KnownSlice read_slice(const Json& object);

Json new_slice(const EndpointSlice& slice, const Reach& reach);
Json slice_patch(const EndpointSlice& slice, const KnownSlice& known);

}  // namespace sandboxlet::network
