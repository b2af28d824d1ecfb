#pragma once

#include <sys/types.h>

#include <functional>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {

// The network namespace of a process, frozen or not. kNotFound where the process is gone.
Result<UniqueFd> open_network_namespace(pid_t pid);

// True where the calling thread is in that namespace.
Result<bool> is_own_network_namespace(const UniqueFd& network);

// Does work in that namespace, on a thread of its own that ends with it: no other ever leaves its
// namespace. Sockets that are opened there stay there, whoever uses them.
Result<> in_network_namespace(const UniqueFd& network, const std::function<Result<>()>& work);

// A socket of that namespace.
Result<UniqueFd> open_socket_in(const UniqueFd& network, int family, int type, int protocol);

}  // namespace sandboxlet::agent
