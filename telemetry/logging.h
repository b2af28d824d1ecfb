#pragma once

#include <string>

namespace sandboxlet {

// Logs to standard error from now on, one line an event; level and format as in Config.
void start_logging(const std::string& level, const std::string& format);

// text as the inside of a JSON string.
std::string json_escaped(std::string_view text);

}  // namespace sandboxlet
