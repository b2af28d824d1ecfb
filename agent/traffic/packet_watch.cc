#include "agent/traffic/packet_watch.h"

#include <sys/socket.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstring>
#include <optional>

#include "agent/traffic/host_interface.h"
#include "agent/traffic/network_namespace.h"
#include "agent/traffic/packet_filter.h"
#include "agent/traffic/packet_socket.h"
#include "agent/traffic/port_range.h"

namespace sandboxlet::agent {

namespace {

// Told at once; then others have their turn.
constexpr int kAtOnce = 16;

struct Watch {
  Watch(asio::io_context& io, int fd, std::function<void(WallTime)> callback)
      : packets(io, fd), on_packet(std::move(callback)) {}
  asio::posix::stream_descriptor packets;
  std::function<void(WallTime)> on_packet;
};

// What the caller holds; the wait itself holds the Watch, whose callback this takes away.
struct Handle {
  explicit Handle(std::shared_ptr<Watch> of) : watch(std::move(of)) {}
  ~Handle() {
    watch->on_packet = nullptr;
    close_packet_socket(UniqueFd(watch->packets.release()));
  }
  std::shared_ptr<Watch> watch;
};

WallTime time_of(msghdr& message) {
  timespec at{};
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_TIMESTAMPNS) {
      std::memcpy(&at, CMSG_DATA(part), sizeof(at));
    }
  }
  return WallTime(std::chrono::seconds(at.tv_sec) + std::chrono::nanoseconds(at.tv_nsec));
}

// None where none waits. An interface that goes down says so here, and may come up again.
std::optional<WallTime> next_packet(int fd) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(timespec))];
  char byte = 0;
  iovec part{&byte, sizeof(byte)};
  msghdr message{
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
  if (recvmsg(fd, &message, 0) < 0) return std::nullopt;
  return time_of(message);
}

void wait(const std::shared_ptr<Watch>& watch) {
  watch->packets.async_wait(asio::posix::stream_descriptor::wait_read,
                            [watch](const boost::system::error_code& error) {
                              if (error) return;
                              for (int told = 0; told < kAtOnce && watch->on_packet; ++told) {
                                const auto at = next_packet(watch->packets.native_handle());
                                if (!at) break;
                                // A copy: it may end the watch.
                                const auto on_packet = watch->on_packet;
                                on_packet(*at);
                              }
                              if (watch->on_packet) wait(watch);
                            });
}

}  // namespace

Result<std::shared_ptr<void>> watch_packets(asio::io_context& io, pid_t pid,
                                            std::function<void(WallTime at)> on_packet) {
  TRY(const HostInterface interface, host_interface_of(pid));
  TRY(const UniqueFd network, open_network_namespace(pid));
  TRY(const PortRange answers, ephemeral_ports(network));
  TRY(UniqueFd packets,
      open_packet_socket(interface.index, traffic_filter(interface.sandbox_address, answers)));
  constexpr int kOn = 1;
  if (setsockopt(packets.get(), SOL_SOCKET, SO_TIMESTAMPNS, &kOn, sizeof(kOn)) != 0) {
    return errno_error("ask for times of packets");
  }
  const auto watch = std::make_shared<Watch>(io, packets.release(), std::move(on_packet));
  wait(watch);
  return std::shared_ptr<void>(std::make_shared<Handle>(watch));
}

}  // namespace sandboxlet::agent
