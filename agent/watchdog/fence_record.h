#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace sandboxlet::agent {

// What survives the agent of until when this node's Sandboxes may run: a file of the data root, for
// the watchdog. Counted from the lease's last renewal (last_renewal.h).
struct FenceRecord {
  // For Sandboxes that are not among those below: of them nothing is known.
  Duration lease_lasts{};
  // After how long one may be bound to another node, by uid; nothing: never.
  std::map<std::string, std::optional<Duration>> elsewhere_after;

  bool operator==(const FenceRecord&) const = default;
};

// Both block. kNotFound where none was ever saved.
Result<> save_fences(const std::string& data_root, const FenceRecord& record);
Result<FenceRecord> load_fences(const std::string& data_root);

// How long before a Sandbox may be bound elsewhere the watchdog ends it: after the agent, if it
// lives, has frozen or killed it (agent/source/fence.h), and with time left to do it.
inline constexpr Duration kWatchdogKills = std::chrono::seconds(4);

// Those of the Sandboxes that must not run any more. Pure.
std::vector<std::string> overdue(const FenceRecord& record, Duration since_renewal,
                                 const std::vector<std::string>& sandboxes);

}  // namespace sandboxlet::agent
