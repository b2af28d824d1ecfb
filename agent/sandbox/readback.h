#pragma once

#include "agent/sandbox/observed.h"
#include "base/result.h"
#include "proto/runtime/v1/api.pb.h"

namespace sandboxlet::agent {

// CRI's messages as what is observed. Pure.

ContainerState container_state(::runtime::v1::ContainerState state);

ObservedPod observed_pod(const ::runtime::v1::PodSandbox& pod);
// Its addresses, the first one first; none for a pod in the node's own network.
std::vector<std::string> pod_ips(const ::runtime::v1::PodSandboxStatus& status);

// status is a verbose one: the process id is in its info.
ObservedContainer observed_container(const std::string& pod_id,
                                     const ::runtime::v1::ContainerStatusResponse& response);

// The next attempt after those whose log files ("3.log", "3.log.20260102-030405.gz") exist.
uint32_t attempt_after(const std::vector<std::string>& log_files);

}  // namespace sandboxlet::agent
