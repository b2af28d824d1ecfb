#pragma once

#include <cstdint>
#include <string>

#include "api/sandbox.h"
#include "proto/runtime/v1/api.pb.h"

namespace sandboxlet::agent {

namespace v1 = ::runtime::v1;

// What a pod sandbox is made from besides the Sandbox itself.
struct PodSandboxContext {
  // One more than that of the Sandbox's last pod sandbox, 0 for the first.
  uint32_t attempt = 0;
  // The Sandbox's own cgroup, "/sandboxlet/<uid>".
  std::string cgroup_parent;
  // What kManagedByLabel says: the agent's cgroup root.
  std::string managed_by;
  // Absolute; <container>/<attempt>.log is below it.
  std::string log_directory;
};

// The Sandbox's pod sandbox as CRI wants it (kubelet: generatePodSandboxConfig). Pure.
v1::PodSandboxConfig pod_sandbox_config(const api::Sandbox& sandbox,
                                        const PodSandboxContext& context);

// spec.hostname, or else the Sandbox's name cut to what a hostname may be (kubelet:
// GeneratePodHostNameAndDomain).
std::string pod_hostname(const api::Sandbox& sandbox);

// "<namespace>_<name>_<uid>", the directory of a Sandbox's logs below the agent's log root. Of the
// longest names, which would make no file name, only the beginning: the uid tells them apart. (The
// kubelet could not make that directory.)
std::string log_directory_name(const api::Sandbox& sandbox);

}  // namespace sandboxlet::agent
