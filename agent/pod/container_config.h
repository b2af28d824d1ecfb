#pragma once

#include <cstdint>
#include <string>

#include "api/expansion.h"
#include "api/sandbox.h"
#include "proto/runtime/v1/api.pb.h"

namespace sandboxlet::agent {

namespace v1 = ::runtime::v1;

inline constexpr char kHostsPath[] = "/etc/hosts";

// What a container is made from besides the Sandbox itself.
struct ContainerContext {
  // One more than the container's last; also the number of its log file.
  uint32_t attempt = 0;
  // How often it was started anew after it had ended.
  int32_t restart_count = 0;
  // As the runtime has it: its id is what the container is made from.
  v1::Image image;
  api::Expanded expanded;
  // Each volume's path on the host, by the volume's or the claim template's name.
  api::StringMap volumes;
  // Path on the host of what stands at kHostsPath; empty: the container's or the runtime's own.
  std::string hosts_file;
  // See PodSandboxContext.
  std::string managed_by;
  int64_t node_memory = 0;
};

// A container of the Sandbox as CRI wants it (kubelet: generateContainerConfig). Pure.
v1::ContainerConfig container_config(const api::Sandbox& sandbox, const api::Container& container,
                                     const ContainerContext& context);

}  // namespace sandboxlet::agent
