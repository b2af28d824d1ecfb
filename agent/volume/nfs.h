#pragma once

#include <string>

#include "agent/volume/volumes.h"

namespace sandboxlet::agent {

// Mounts a share on point, by mount(8) and its mount.nfs, which the node must have; an error says
// what those said. Waits as long as they do for a server that does not answer: two minutes, where
// mountOptions say nothing else (kubelet: nfs/nfs.go).
Result<> mount_nfs(const Nfs& source, const std::string& point);

}  // namespace sandboxlet::agent
