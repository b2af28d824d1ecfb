#pragma once

#include "agent/volume/volumes.h"

namespace sandboxlet::agent {

// Holds the path to its type before the runtime would make it a directory; makes it for the
// ...OrCreate types (kubelet: hostpath/host_path.go, whose wording this has).
Result<> check_host_path(const HostPath& source);

}  // namespace sandboxlet::agent
