#include "agent/container/log_format.h"

#include "api/time.h"

namespace sandboxlet::agent {

namespace {

// Takes what stands before the next space, and the space.
std::optional<std::string_view> take_word(std::string_view& from) {
  const size_t space = from.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const std::string_view word = from.substr(0, space);
  from.remove_prefix(space + 1);
  return word;
}

}  // namespace

std::optional<LogLine> parse_log_line(std::string_view line) {
  const auto time = take_word(line);
  const auto stream = take_word(line);
  const auto tags = take_word(line);
  if (!time || !stream || !tags) return std::nullopt;
  if (*stream != "stdout" && *stream != "stderr") return std::nullopt;
  // More tags may follow the first one after colons.
  const std::string_view tag = tags->substr(0, tags->find(':'));
  if (tag != "F" && tag != "P") return std::nullopt;
  const auto parsed = api::parse_time(*time);
  if (!parsed) return std::nullopt;
  return LogLine{*parsed, *stream == "stderr", tag == "P", std::string(line)};
}

}  // namespace sandboxlet::agent
