#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"

namespace sandboxlet::agent {

// Tells of each packet to the Sandbox of that process that is to wake it (traffic_filter says
// which), while the process itself may be frozen. Of a flood it tells of some: a few wait in the
// kernel, with what else comes meanwhile lost. at is the kernel's time of the packet.
//
// on_packet runs on io's thread; destroying what this returns ends the watch, also from within, and
// on_packet is never called after that. The call itself blocks for less than a millisecond; its
// errors are host_interface_of's, and kPermissionDenied without CAP_NET_RAW and CAP_SYS_ADMIN.
Result<std::shared_ptr<void>> watch_packets(asio::io_context& io, pid_t pid,
                                            std::function<void(WallTime at)> on_packet);

}  // namespace sandboxlet::agent
