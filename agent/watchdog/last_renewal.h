#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace sandboxlet::agent {

// What survives the agent of when its node's lease was last renewed: a file of the data root, so
// that one that is killed while its node is cut off knows at its start for how long that has been
// so, and the watchdog all the time. By the machine's time since its boot, and by the wall clock
// across one. Both block.

// asked_at is when that was, as clock has it. Not synced: what a crash of the machine loses makes
// it look older.
Result<> save_renewal(const std::string& data_root, const Clock& clock, TimePoint asked_at);

// How long ago that was; nothing where no lease was ever renewed.
std::optional<Duration> age_of_renewal(const std::string& data_root);

}  // namespace sandboxlet::agent
