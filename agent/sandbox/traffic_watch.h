#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "base/task.h"

namespace sandboxlet::agent {

// Follows the packets to Sandboxes that are suspended, by their uids. Whoever makes one hears of
// each that counts as traffic.
class TrafficWatch {
 public:
  virtual ~TrafficWatch() = default;
  // From its answer on; pid: a process of the Sandbox, frozen or not. With look it answers whether
  // something waits to be read that came before.
  virtual Task<Result<bool>> follow(std::string uid, pid_t pid, bool look) = 0;
  // Of what was just frozen: whether something came to it shortly before that it has not taken.
  virtual Task<Result<bool>> missed(std::string uid, pid_t pid) = 0;
  // Idempotent.
  virtual void forget(const std::string& uid) = 0;
};

}  // namespace sandboxlet::agent
