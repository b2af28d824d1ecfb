#include "agent/traffic/packet_socket.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <thread>
#include <utility>

namespace sandboxlet::agent {

Result<UniqueFd> open_packet_socket(int interface_index, const std::vector<sock_filter>& filter) {
  // Of no protocol it sees nothing; bind gives it one.
  UniqueFd packets(socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!packets) return errno_error("open a packet socket");
  const sock_fprog program{static_cast<unsigned short>(filter.size()),
                           const_cast<sock_filter*>(filter.data())};
  if (setsockopt(packets.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0) {
    return errno_error("filter a packet socket");
  }
  // The kernel makes the least it allows of it.
  constexpr int kLeast = 0;
  if (setsockopt(packets.get(), SOL_SOCKET, SO_RCVBUF, &kLeast, sizeof(kLeast)) != 0) {
    return errno_error("bound a packet socket");
  }
  // Only to who asks for all protocols the kernel shows what goes out.
  const sockaddr_ll address{
      .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = interface_index};
  if (bind(packets.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return errno_error("bind a packet socket");
  }
  return packets;
}

void close_packet_socket(UniqueFd packets) {
  std::thread([fd = std::move(packets)] {}).detach();
}

}  // namespace sandboxlet::agent
