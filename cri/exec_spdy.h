#pragma once

#include <memory>
#include <string>

#include "cri/exec_stream.h"

namespace sandboxlet::cri {

// Connects to the URL that Runtime::exec answered, which starts its command: one with stdin, stdout
// and stderr, and without a terminal. Over SPDY/3.1, whose streams end one by one; for runtimes
// whose WebSocket cannot tell the end of stdin (containerd before 2.0; kubelet: remotecommand v4).
Task<Result<std::unique_ptr<ExecStream>>> open_spdy_exec(std::string url);

}  // namespace sandboxlet::cri
