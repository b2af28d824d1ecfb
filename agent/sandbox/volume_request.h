#pragma once

#include <optional>
#include <string>

#include "agent/volume/volumes.h"
#include "api/sandbox.h"

namespace sandboxlet::agent {

// The PersistentVolumeClaim that is behind the volume of that name; nothing where none is. A claim
// template overrides a volume of its name (upstream's rule). Pure.
std::optional<std::string> claim_of(const api::Sandbox& sandbox, const std::string& volume);

// Without a cluster: what the volume of that name is to be made from: one of the claim templates,
// which override volumes of their name (upstream's rule), or of the pod's volumes. Pure.
Result<VolumeRequest> volume_request(const api::Sandbox& sandbox, const std::string& name);

}  // namespace sandboxlet::agent
