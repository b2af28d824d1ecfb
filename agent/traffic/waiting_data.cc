#include "agent/traffic/waiting_data.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <functional>

#include "agent/traffic/netlink.h"
#include "agent/traffic/network_namespace.h"
#include "agent/traffic/port_range.h"

namespace sandboxlet::agent {

namespace {

bool is_to_itself(const inet_diag_sockid& ends) {
  return ends.idiag_dport != 0 && std::ranges::equal(ends.idiag_src, ends.idiag_dst);
}

bool waits_in_tcp(const inet_diag_msg& socket) {
  switch (socket.idiag_state) {
    case TCP_LISTEN:
      return socket.idiag_rqueue > 0;
    // Its client may wait to be told something first, and what it said last is no traffic.
    case TCP_SYN_RECV:
      return !is_to_itself(socket.id);
    case TCP_ESTABLISHED:
    case TCP_FIN_WAIT1:
    case TCP_FIN_WAIT2:
      return socket.idiag_rqueue > 0 && !is_to_itself(socket.id);
    // The other side's FIN counts as a byte until it is read.
    case TCP_CLOSE_WAIT:
    case TCP_LAST_ACK:
    case TCP_CLOSING:
      return socket.idiag_rqueue > 1 && !is_to_itself(socket.id);
    default:
      return false;
  }
}

// A connection that was not accepted yet belongs to no file.
bool is_untaken(const inet_diag_msg& socket) {
  const bool is_unaccepted = socket.idiag_state == TCP_ESTABLISHED && socket.idiag_inode == 0;
  return (is_unaccepted && !is_to_itself(socket.id)) || waits_in_tcp(socket);
}

// Since its last data came, or since it began.
Duration quiet_for(NetlinkBytes message) {
  const auto info = netlink_attribute(netlink_after<inet_diag_msg>(message), INET_DIAG_INFO);
  return std::chrono::milliseconds(netlink_value<tcp_info>(info.value_or("")).tcpi_last_data_recv);
}

bool waits_in_udp(const inet_diag_msg& socket, const PortRange& answers) {
  return socket.idiag_rqueue > 0 && !answers.contains(ntohs(socket.id.idiag_sport)) &&
         !is_to_itself(socket.id);
}

constexpr uint32_t kAnyState = ~0U;
// A connection that data can wait in. Those that only wait for their time to be over are many: a
// server has thousands for a minute, and each takes its part of a list.
constexpr uint32_t kConnection = 1U << TCP_ESTABLISHED | 1U << TCP_SYN_RECV | 1U << TCP_FIN_WAIT1 |
                                 1U << TCP_FIN_WAIT2 | 1U << TCP_CLOSE_WAIT | 1U << TCP_LAST_ACK |
                                 1U << TCP_CLOSING;

// In one of those states; with what is told of each besides, as a set of bits.
Result<> each_socket(const UniqueFd& sockets, uint8_t protocol, uint32_t states, uint8_t besides,
                     const std::function<void(NetlinkBytes)>& on_socket) {
  for (const uint8_t family : {AF_INET, AF_INET6}) {
    const inet_diag_req_v2 all{.sdiag_family = family,
                               .sdiag_protocol = protocol,
                               .idiag_ext = besides,
                               .idiag_states = states};
    CHECK_OK(ask_netlink(sockets, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, netlink_payload(all), on_socket)
                 .wrap("list sockets"));
  }
  return {};
}

}  // namespace

Result<bool> has_waiting_data(pid_t pid) {
  TRY(const UniqueFd network, open_network_namespace(pid));
  TRY(const PortRange answers, ephemeral_ports(network));
  TRY(const UniqueFd sockets, open_socket_in(network, AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG));
  bool waits = false;
  CHECK_OK(each_socket(
      sockets, IPPROTO_TCP, kConnection | 1U << TCP_LISTEN, 0,
      [&](NetlinkBytes message) { waits |= waits_in_tcp(netlink_value<inet_diag_msg>(message)); }));
  CHECK_OK(each_socket(sockets, IPPROTO_UDP, kAnyState, 0, [&](NetlinkBytes message) {
    waits |= waits_in_udp(netlink_value<inet_diag_msg>(message), answers);
  }));
  return waits;
}

Result<bool> has_new_data(pid_t pid, Duration within) {
  constexpr uint8_t kInfo = 1 << (INET_DIAG_INFO - 1);
  TRY(const UniqueFd network, open_network_namespace(pid));
  TRY(const UniqueFd sockets, open_socket_in(network, AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG));
  bool waits = false;
  CHECK_OK(each_socket(sockets, IPPROTO_TCP, kConnection, kInfo, [&](NetlinkBytes message) {
    const auto socket = netlink_value<inet_diag_msg>(message);
    waits |= is_untaken(socket) && quiet_for(message) <= within;
  }));
  return waits;
}

}  // namespace sandboxlet::agent
