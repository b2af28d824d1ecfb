#include "agent/traffic/host_interface.h"

#include <sys/socket.h>

#include <algorithm>
#include <optional>

#include "agent/traffic/netlink.h"
#include "agent/traffic/network_namespace.h"

namespace sandboxlet::agent {

namespace {

// The veths of a Sandbox with their other ends elsewhere, the one of its default route first.
Result<std::vector<Link>> candidates(const UniqueFd& network) {
  TRY(const UniqueFd routes, open_socket_in(network, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
  TRY(auto links, links_of(routes));
  TRY(const int first, default_route_link(routes));
  std::erase_if(links,
                [](const Link& link) { return link.kind != "veth" || !link.peer_namespace; });
  std::stable_partition(links.begin(), links.end(),
                        [&](const Link& link) { return link.index == first; });
  return links;
}

// What has that index here is another link where the veth's other end is in a third namespace.
Result<std::optional<Link>> end_here(const Link& link, const UniqueFd& network) {
  TRY(const UniqueFd routes, open_netlink(NETLINK_ROUTE));
  auto end = link_of(routes, link.peer);
  if (!end && end.error().code() == Code::kNotFound) return std::optional<Link>();
  if (!end) return std::move(end.error());
  TRY(const int number, number_of_namespace(routes, network));
  const bool is_it =
      end->kind == "veth" && end->peer == link.index && end->peer_namespace == number;
  return is_it ? std::optional(*std::move(end)) : std::nullopt;
}

}  // namespace

Result<HostInterface> host_interface_of(pid_t pid) {
  const std::string process = "process " + std::to_string(pid);
  TRY(const UniqueFd network, open_network_namespace(pid));
  TRY(const bool shared, is_own_network_namespace(network));
  if (shared) return Error(Code::kFailedPrecondition, process + " is in the node's own network");
  TRY(const auto links, candidates(network));
  for (const Link& link : links) {
    TRY(const auto end, end_here(link, network));
    if (end) return HostInterface{end->index, end->name, link.address};
  }
  return Error(Code::kFailedPrecondition, process + " has no veth to the node's network");
}

}  // namespace sandboxlet::agent
