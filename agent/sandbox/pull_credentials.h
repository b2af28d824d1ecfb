#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/sandbox.h"
#include "base/result.h"
#include "base/task.h"
#include "proto/runtime/v1/api.pb.h"

namespace sandboxlet::agent {

// Where the credentials come from with which a Sandbox's images are pulled. Belongs to the core
// thread. What it answers is for the runtime alone: it goes into no log, no error and no file.
class PullCredentials {
 public:
  virtual ~PullCredentials() = default;
  // To be tried one after the other; none where the registry is to be asked without.
  virtual Task<Result<std::vector<::runtime::v1::AuthConfig>>> find(
      std::shared_ptr<const api::Sandbox> sandbox, std::string image) = 0;
};

}  // namespace sandboxlet::agent
