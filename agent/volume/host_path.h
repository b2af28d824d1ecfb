#pragma once

#include <string>

#include "agent/volume/volumes.h"

namespace sandboxlet::agent {

// Answers the absolute path, held to its type before the runtime would make it a directory; makes
// it for the ...OrCreate types. A path without a type is not looked at. The path is the operator's
// own and its symbolic links are followed (kubelet: hostpath/host_path.go, whose wording this has).
Result<std::string> stage_host_path(const HostPath& source);

// The same for the directory of a PersistentVolume's spec.local, which is there already.
Result<std::string> stage_local(const Local& source);

}  // namespace sandboxlet::agent
