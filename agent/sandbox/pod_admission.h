#pragma once

#include <memory>

#include "api/sandbox.h"
#include "base/result.h"
#include "base/task.h"

namespace sandboxlet::agent {

// What a cluster has to say of a pod before it starts here. Belongs to the core thread.
class PodAdmission {
 public:
  virtual ~PodAdmission() = default;
  // An error says why it may not start; kPermissionDenied where that is for who made it to mend.
  // One that ran here before may start where nobody can be asked.
  virtual Task<Result<>> admit(std::shared_ptr<const api::Sandbox> sandbox, bool ran_before) = 0;
};

}  // namespace sandboxlet::agent
