#pragma once

#include <iosfwd>
#include <map>
#include <set>
#include <string>

#include "cri/client.h"
#include "tests/rig/core_loop.h"
#include "tests/rig/private_runtime.h"

namespace sandboxlet::test {

// All that Sandboxes hold on this machine, as the runtime, the kernel and the disk tell, by what it
// is: "pods", "running containers", "cgroups", "volumes", ... Where it can be told whose it is, by
// uid; else by its own name. Plain data.
using Holdings = std::map<std::string, std::multiset<std::string>>;

// Blocks. A pod, a container or a snapshot that containerd knows and CRI does not is found as well.
Holdings holdings_of(const PrivateRuntime& runtime, cri::Client& client, CoreLoop& loop);

// One thing a line, for a test's message.
std::string to_string(const Holdings& holdings);

}  // namespace sandboxlet::test
