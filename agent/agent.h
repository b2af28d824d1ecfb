#pragma once

#include <memory>

#include "agent/node/config.h"
#include "base/task.h"

namespace sandboxlet::agent {

// The whole agent, wired: runtime, cgroups, volumes, store, source, manager and servers. Belongs to
// the core thread. Destroying it ends what is under way; Sandboxes run on without it.
class Agent {
 public:
  // Blocks until it serves. Sandboxes from before are taken over, running and frozen ones
  // untouched.
  static Result<std::unique_ptr<Agent>> start(asio::io_context& io, const Config& config);
  virtual ~Agent() = default;
};

}  // namespace sandboxlet::agent
