#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace sandboxlet::agent {

// One line of a container's log as CRI has it: "2026-01-02T03:04:05.123456789Z stdout F text".
struct LogLine {
  WallTime time{};
  bool is_stderr = false;
  // The line goes on in the next one (tag P).
  bool partial = false;
  std::string text;
};

// Without its newline; nothing where it is no such line. Pure.
std::optional<LogLine> parse_log_line(std::string_view line);

}  // namespace sandboxlet::agent
