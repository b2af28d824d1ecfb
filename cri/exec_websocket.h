#pragma once

#include <memory>
#include <string>

#include "cri/exec_stream.h"

namespace sandboxlet::cri {

// Connects to the URL that Runtime::exec answered, which starts its command. Speaks the channels of
// Kubernetes' remote commands over WebSocket, v5 where the runtime has it, else v4 (kubelet:
// remotecommand, apimachinery: util/remotecommand). Plain HTTP only: runtimes serve it on loopback.
Task<Result<std::unique_ptr<ExecStream>>> open_exec_stream(std::string url);

// The exit code in the status that ends a command's stream (metav1.Status as JSON).
Result<int> exit_code_of(const std::string& status);

}  // namespace sandboxlet::cri
