#pragma once

#include <grpcpp/support/status.h>

#include "base/result.h"

namespace sandboxlet::agent {

// An Error as a client of the local socket gets it. A message is cut to what clients take: whole
// lines, where it has several, and a last one that says how many more there were.
grpc::Status to_grpc(const Error& error);

}  // namespace sandboxlet::agent
