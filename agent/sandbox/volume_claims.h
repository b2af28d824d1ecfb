#pragma once

#include <memory>
#include <string>

#include "agent/volume/volumes.h"
#include "api/sandbox.h"
#include "base/result.h"
#include "base/task.h"

namespace sandboxlet::agent {

// What a cluster has behind the claims of Sandboxes. Belongs to the core thread.
class VolumeClaims {
 public:
  virtual ~VolumeClaims() = default;
  // What to stage for the PersistentVolumeClaim of that name in the Sandbox's namespace. Waits some
  // seconds where it is on its way, and is to be asked again then (kUnavailable); an error says
  // what is missing, or what of it cannot be done here.
  virtual Task<Result<PersistentVolume>> find(std::shared_ptr<const api::Sandbox> sandbox,
                                              std::string claim) = 0;
};

}  // namespace sandboxlet::agent
