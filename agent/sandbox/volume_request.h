#pragma once

#include <string>

#include "agent/volume/volumes.h"
#include "api/sandbox.h"

namespace sandboxlet::agent {

// What the volume of that name is to be made from: one of the claim templates, which override
// volumes of their name (upstream's rule), or of the pod's volumes. Pure.
Result<VolumeRequest> volume_request(const api::Sandbox& sandbox, const std::string& name);

}  // namespace sandboxlet::agent
