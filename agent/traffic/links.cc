#include "agent/traffic/links.h"

#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <limits>

#include "agent/traffic/netlink.h"

namespace sandboxlet::agent {

namespace {

std::string text_of(std::optional<NetlinkBytes> attribute) {
  const std::string text(attribute.value_or(""));
  return text.substr(0, text.find('\0'));
}

Link read_link(NetlinkBytes message) {
  const NetlinkBytes attributes = netlink_after<ifinfomsg>(message);
  Link link;
  link.index = netlink_value<ifinfomsg>(message).ifi_index;
  link.name = text_of(netlink_attribute(attributes, IFLA_IFNAME));
  if (const auto info = netlink_attribute(attributes, IFLA_LINKINFO)) {
    link.kind = text_of(netlink_attribute(*info, IFLA_INFO_KIND));
  }
  link.address =
      netlink_value<MacAddress>(netlink_attribute(attributes, IFLA_ADDRESS).value_or(""));
  link.peer = netlink_value<int>(netlink_attribute(attributes, IFLA_LINK).value_or(""));
  if (const auto number = netlink_attribute(attributes, IFLA_LINK_NETNSID)) {
    link.peer_namespace = netlink_value<int>(*number);
  }
  return link;
}

struct Route {
  int link = 0;
  uint32_t metric = std::numeric_limits<uint32_t>::max();
};

Result<Route> default_route(const UniqueFd& routes, uint8_t family) {
  Route best;
  const rtmsg wanted{.rtm_family = family};
  CHECK_OK(ask_netlink(
      routes, RTM_GETROUTE, NLM_F_DUMP, netlink_payload(wanted), [&](NetlinkBytes message) {
        const auto route = netlink_value<rtmsg>(message);
        const NetlinkBytes attributes = netlink_after<rtmsg>(message);
        const auto link = netlink_attribute(attributes, RTA_OIF);
        if (route.rtm_dst_len != 0 || route.rtm_type != RTN_UNICAST || !link) return;
        const auto metric =
            netlink_value<uint32_t>(netlink_attribute(attributes, RTA_PRIORITY).value_or(""));
        if (best.link == 0 || metric < best.metric) {
          best = Route{.link = netlink_value<int>(*link), .metric = metric};
        }
      }));
  return best;
}

}  // namespace

Result<std::vector<Link>> links_of(const UniqueFd& routes) {
  std::vector<Link> links;
  CHECK_OK(ask_netlink(routes, RTM_GETLINK, NLM_F_DUMP, netlink_payload(ifinfomsg{}),
                       [&](NetlinkBytes message) { links.push_back(read_link(message)); })
               .wrap("list network interfaces"));
  std::ranges::sort(links, {}, &Link::index);
  return links;
}

Result<Link> link_of(const UniqueFd& routes, int index) {
  Link link;
  CHECK_OK(ask_netlink(routes, RTM_GETLINK, 0, netlink_payload(ifinfomsg{.ifi_index = index}),
                       [&](NetlinkBytes message) { link = read_link(message); })
               .wrap("network interface " + std::to_string(index)));
  return link;
}

Result<int> default_route_link(const UniqueFd& routes) {
  for (const uint8_t family : {AF_INET, AF_INET6}) {
    TRY(const Route route, default_route(routes, family).wrap("list routes"));
    if (route.link != 0) return route.link;
  }
  return 0;
}

Result<int> number_of_namespace(const UniqueFd& routes, const UniqueFd& network) {
  std::string request = netlink_payload(rtgenmsg{});
  add_netlink_attribute(request, NETNSA_FD, netlink_payload(network.get()));
  int number = NETNSA_NSID_NOT_ASSIGNED;
  CHECK_OK(ask_netlink(routes, RTM_GETNSID, 0, request, [&](NetlinkBytes message) {
             const auto answer = netlink_attribute(netlink_after<rtgenmsg>(message), NETNSA_NSID);
             if (answer) number = netlink_value<int>(*answer);
           }).wrap("number of a namespace"));
  return number;
}

}  // namespace sandboxlet::agent
