#pragma once

#include <linux/filter.h>

#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {

// A packet socket on that interface of the calling thread's network, non-blocking, that sees what
// the filter lets through and never saw anything else. It keeps as few packets as a socket may, so
// nobody's flood costs memory. Needs CAP_NET_RAW.
Result<UniqueFd> open_packet_socket(int interface_index, const std::vector<sock_filter>& filter);

// On a thread of its own, as the kernel waits then until no processor looks at the socket any more:
// 16 ms as measured, which a thaw on the core thread cannot wait for.
void close_packet_socket(UniqueFd packets);

}  // namespace sandboxlet::agent
