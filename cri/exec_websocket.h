#pragma once

#include <memory>
#include <string>

#include "cri/exec_stream.h"

namespace sandboxlet::cri {

// Connects to the URL that Runtime::exec answered, which starts its command. Speaks the channels of
// Kubernetes' remote commands over WebSocket, v5 where the runtime has it, else v4, which cannot
// tell the end of stdin (kubelet: remotecommand, apimachinery: util/remotecommand). Plain HTTP
// only: runtimes serve it on loopback.
//
// only_v5: kUnimplemented where the runtime has no v5, and the command was not started.
Task<Result<std::unique_ptr<ExecStream>>> open_websocket_exec(std::string url, bool only_v5);

}  // namespace sandboxlet::cri
