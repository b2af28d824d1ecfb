#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "agent/traffic/packet_socket.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {

// Counts what carries data between a Sandbox and the world (data_filter says what): where it did
// not change, nothing moved. What stays inside the Sandbox does not count. Packets, as they pass
// the host's end of its veth: the kernel counts them beside, and a read takes less than 2 us, where
// a list of the Sandbox's sockets takes half a millisecond. Belongs to one thread at a time.
class DataCounter {
 public:
  // From 0 on. Errors are those of watch_packets.
  static Result<std::unique_ptr<DataCounter>> open(pid_t pid);

  ~DataCounter() { close_packet_socket(std::move(packets_)); }

  // kUnavailable once where the interface went down, or away with its Sandbox: open another.
  Result<uint64_t> read();

 private:
  explicit DataCounter(UniqueFd packets) : packets_(std::move(packets)) {}

  UniqueFd packets_;
  uint64_t count_ = 0;
};

}  // namespace sandboxlet::agent
