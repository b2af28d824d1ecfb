#pragma once

#include <grpcpp/support/status.h>

#include "base/result.h"

namespace sandboxlet::agent {

// An Error as a client of the local socket gets it.
grpc::Status to_grpc(const Error& error);

}  // namespace sandboxlet::agent
