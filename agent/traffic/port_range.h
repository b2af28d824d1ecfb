#pragma once

#include <cstdint>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {

struct PortRange {
  uint16_t first = 0;
  uint16_t last = 0;
  bool contains(uint16_t port) const { return first <= port && port <= last; }
};

// Of which the kernel takes a port for a socket of that network that asks for none
// (net.ipv4.ip_local_port_range, IPv6's too): what comes there by UDP is an answer.
Result<PortRange> ephemeral_ports(const UniqueFd& network);

}  // namespace sandboxlet::agent
