#pragma once

#include <sys/types.h>

#include <string>

#include "agent/traffic/links.h"
#include "base/result.h"

namespace sandboxlet::agent {

// The host's end of the veth through which the network namespace of a process is reached, as CNI's
// bridge, ptp and others make it.
struct HostInterface {
  int index = 0;
  std::string name;
  // Of the other end: what a frame to the Sandbox is addressed to.
  MacAddress sandbox_address{};
};

// Of the Sandbox's interfaces the one with its default route, else the first that is such a veth.
// kFailedPrecondition where the process shares the network of the caller, which has to be the
// node's, or has no veth to it; kNotFound where the process is gone. Blocks for less than a
// millisecond; any thread.
Result<HostInterface> host_interface_of(pid_t pid);

}  // namespace sandboxlet::agent
