#pragma once

#include <string>
#include <vector>

#include "api/sandbox.h"

namespace sandboxlet::agent {

// What /etc/hosts says in a Sandbox's containers: the pod's own name beside what every machine has
// (kubelet: managedHostsFileContent). Pure.
std::string hosts_file(const api::Sandbox& sandbox, const std::vector<std::string>& pod_ips);

// False where the container brings its own (kubelet: shouldMountHostsFile).
bool wants_hosts_file(const api::Container& container);

}  // namespace sandboxlet::agent
