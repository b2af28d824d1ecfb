#pragma once

#include <string>

#include "proto/runtime/v1/api.pb.h"
#include "tests/rig/private_runtime.h"

namespace sandboxlet::test {

// Images that every PrivateRuntime has. The counter counts in memory, once each 10 ms that it is
// allowed to run; kCountOf is the command that prints its count. The heap fills memory and serves
// HTTP on port 80 (tools/images/heap).
inline constexpr char kBusyboxImage[] = "sandboxlet.test/busybox:1";
inline constexpr char kCounterImage[] = "sandboxlet.test/counter:1";
inline constexpr char kHeapImage[] = "sandboxlet.test/heap:1";
inline constexpr const char* kCountOf[] = {"counter", "get"};

// A pod for bare CRI calls, in the cgroup <cgroup_root>/<name>, with namespaces of its own.
::runtime::v1::PodSandboxConfig pod_config(const PrivateRuntime& runtime, const std::string& name);

// A container of that pod that runs what its image says.
::runtime::v1::ContainerConfig container_config(const std::string& name, const std::string& image);

}  // namespace sandboxlet::test
