#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "kube/cluster_config.h"

namespace sandboxlet::kube {

// What a credential plugin answered.
struct ExecCredential {
  std::string token;
  // The epoch: does not expire.
  WallTime expires{};
};

// Runs config.exec, which is set, and reads its answer. Blocks, a minute at most. Its own errors
// are told with what it said on its standard error; where it is not there, with the install hint.
Result<ExecCredential> run_exec_plugin(const ClusterConfig& config);

// An ExecCredential of client.authentication.k8s.io/v1.
Result<ExecCredential> read_exec_credential(std::string_view json);

}  // namespace sandboxlet::kube
