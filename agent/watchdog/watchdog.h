#pragma once

#include <string>
#include <vector>

#include "agent/suspend/cgroups.h"
#include "agent/watchdog/fence_record.h"

namespace sandboxlet::agent {

// Ends the Sandboxes that may be bound elsewhere while their agent, which would have fenced them,
// is dead or stands still: by what it left behind (fence_record.h, last_renewal.h). What is frozen
// it leaves alone: that runs nowhere until a living agent thaws it, and the agent does so only
// after a renewal that it has written down and a write that shows where the Sandbox is bound.
// What an agent finds when it comes back is a Sandbox whose processes were killed.
class Watchdog {
 public:
  Watchdog(Cgroups& cgroups, std::string data_root)
      : cgroups_(cgroups), data_root_(std::move(data_root)) {}

  // One look, to be taken each second or so; blocks for as long as killing takes. What fails with
  // one does not spare the others, and is the error.
  Result<> look();

 private:
  Result<std::vector<std::string>> overdue_now();
  // Processes that are not all frozen.
  Result<bool> runs(const std::string& uid);
  Result<> end(const std::string& uid);

  Cgroups& cgroups_;
  const std::string data_root_;
};

}  // namespace sandboxlet::agent
