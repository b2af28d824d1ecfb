#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {

using MacAddress = std::array<uint8_t, 6>;

// A network interface as rtnetlink tells of it.
struct Link {
  int index = 0;
  std::string name;
  // "veth", "bridge", ...; empty for hardware and loopback.
  std::string kind;
  MacAddress address{};
  // The interface at its other end, and that one's namespace as this link's numbers it; none where
  // that is its own.
  int peer = 0;
  std::optional<int> peer_namespace;
};

// Of the namespace that routes, a socket of NETLINK_ROUTE, was opened in; by index.
Result<std::vector<Link>> links_of(const UniqueFd& routes);
// kNotFound where there is none of that index.
Result<Link> link_of(const UniqueFd& routes, int index);
// The interface of the default route, IPv4's before IPv6's, of the lowest metric; 0 where there is
// none.
Result<int> default_route_link(const UniqueFd& routes);
// How the namespace of routes numbers another.
Result<int> number_of_namespace(const UniqueFd& routes, const UniqueFd& network);

}  // namespace sandboxlet::agent
