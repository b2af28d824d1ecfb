#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/clock.h"

namespace sandboxlet::kube {

// What a candidate for a lease decides, apart from what it does (client-go: tools/leaderelection).
// Whether a lease has run out is judged by one's own clock alone, since it was last seen to change:
// the times that stand in it are another machine's. Pure.

// client-go's, which has 10 and 2 seconds beside them.
inline constexpr Duration kLeaseDuration = std::chrono::seconds(15);
// How long a leader that cannot renew goes on, and how often it is tried, with leases of that
// length: in those proportions.
constexpr Duration renew_deadline(Duration lease) { return lease * 2 / 3; }
constexpr Duration retry_period(Duration lease) { return lease * 2 / 15; }

// clang-tidy 14 takes the assertions in Json's noexcept move for throws.
struct Election {  // NOLINT(bugprone-exception-escape)
  std::string identity;
  // Of the lease that is taken, in whole seconds.
  Duration duration = kLeaseDuration;
  // The Lease as it was last seen; null where there is none.
  nlohmann::json lease;
  TimePoint changed_at{};
  bool leads = false;
};

// Notes what the lease is now; null where it is not there.
void note_lease(Election& election, nlohmann::json lease, TimePoint now);

// Nobody holds it, or who does has let it run out.
bool may_take(const Election& election, TimePoint now);
// The Lease to write to take or keep it, over the version that was seen; or to let go of it.
nlohmann::json taken(const Election& election, const std::string& name, WallTime now);
nlohmann::json released(const Election& election, WallTime now);

}  // namespace sandboxlet::kube
