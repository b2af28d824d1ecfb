#pragma once

#include <string>
#include <string_view>

#include "api/meta.h"
#include "base/clock.h"
#include "base/result.h"

namespace sandboxlet::api {

// RFC 3339 in UTC, whole seconds: "2026-01-02T03:04:05Z", as metav1.Time is written.
Time format_time(WallTime time);

// The same with microseconds, as metav1.MicroTime is: "2026-01-02T03:04:05.000006Z".
Time format_micro_time(WallTime time);

// RFC 3339 with any offset and up to nine decimals.
Result<WallTime> parse_time(std::string_view text);

// A Go duration ("1h30m", "-1.5s", "300ms"), as time.ParseDuration reads it.
Result<Duration> parse_duration(std::string_view text);

}  // namespace sandboxlet::api
