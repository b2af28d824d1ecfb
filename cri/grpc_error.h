#pragma once

#include <grpcpp/support/status.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace sandboxlet::cri {

// A failed call of the runtime as an Error: "run pod sandbox: <the runtime's message>".
// verb is the CRI method's name, "RunPodSandbox".
Error error_of(const grpc::Status& status, std::string_view verb);

// "RunPodSandbox" -> "run pod sandbox".
std::string words_of(std::string_view verb);

}  // namespace sandboxlet::cri
