#include "agent/traffic/data_counter.h"

#include <linux/if_packet.h>
#include <sys/socket.h>

#include "agent/traffic/host_interface.h"
#include "agent/traffic/packet_filter.h"
#include "agent/traffic/packet_socket.h"

namespace sandboxlet::agent {

Result<std::unique_ptr<DataCounter>> DataCounter::open(pid_t pid) {
  TRY(const HostInterface interface, host_interface_of(pid));
  TRY(UniqueFd packets,
      open_packet_socket(interface.index, data_filter(interface.sandbox_address)));
  return std::unique_ptr<DataCounter>(new DataCounter(std::move(packets)));
}

Result<uint64_t> DataCounter::read() {
  // Those that wait hold memory of their senders.
  char byte = 0;
  bool came = false;
  while (recv(packets_.get(), &byte, sizeof(byte), 0) >= 0) came = true;
  if (errno != EAGAIN) return Error(Code::kUnavailable, "a Sandbox's interface went down", errno);
  // Where there was room for all there was none.
  if (!came) return count_;
  // Since the last look, with those that found no room.
  tpacket_stats statistics{};
  socklen_t size = sizeof(statistics);
  if (getsockopt(packets_.get(), SOL_PACKET, PACKET_STATISTICS, &statistics, &size) != 0) {
    return errno_error("count packets");
  }
  return count_ += statistics.tp_packets;
}

}  // namespace sandboxlet::agent
