#pragma once

#include <linux/filter.h>

#include <vector>

#include "agent/traffic/links.h"
#include "agent/traffic/port_range.h"

namespace sandboxlet::agent {

// What a packet socket (SOCK_DGRAM) on the host's end of a Sandbox's veth is to see, decided by the
// kernel. A frame that a bridge floods to all its ports is the Sandbox's only with its address.
// Plain IPv4 and IPv6, and of fragments the first. Pure.

// Each packet to the Sandbox that is to wake it: a TCP segment with SYN and no ACK or with payload,
// a UDP datagram to a port that is not one of answers. Of a connection's end, its keepalives and
// bare acknowledgements nothing is (design: suspend.md, trap 8).
std::vector<sock_filter> traffic_filter(const MacAddress& sandbox, const PortRange& answers);

// Each packet to the Sandbox or from it that carries data: a TCP segment with payload, a UDP
// datagram; but none from it to a group.
std::vector<sock_filter> data_filter(const MacAddress& sandbox);

}  // namespace sandboxlet::agent
