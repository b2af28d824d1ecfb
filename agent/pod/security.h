#pragma once

#include "api/pod.h"
#include "proto/runtime/v1/api.pb.h"

namespace sandboxlet::agent {

namespace v1 = ::runtime::v1;

// Who a container runs as and what it may do. A container's fields override the pod's, one by one
// (kubelet: securitycontext/util.go DetermineEffectiveSecurityContext). image_user is what the
// image itself names. Without a seccomp profile the runtime's default is taken, not Unconfined.
v1::LinuxContainerSecurityContext container_security(const api::PodSpec& spec,
                                                     const api::Container& container,
                                                     const v1::Image& image);

// The same for the pod sandbox; privileged where one of its containers is.
v1::LinuxSandboxSecurityContext pod_sandbox_security(const api::PodSpec& spec);

}  // namespace sandboxlet::agent
