#include "api/yaml_json.h"

#include <fmt/format.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>

#include "api/utf8.h"
#include "api/yaml_builder.h"

namespace sandboxlet::api {

namespace {

// YAML has no control characters, and yaml-cpp takes one of them for the end of the text.
bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f;
}

}  // namespace

Result<std::vector<YamlDocument>> yaml_to_json(std::string_view text) {
  if (!is_utf8(text)) return Error(Code::kInvalidArgument, "the text is not UTF-8");
  const auto control = std::find_if(text.begin(), text.end(), is_control);
  if (control != text.end()) {
    return Error(Code::kInvalidArgument, fmt::format("line {}: control characters are not allowed",
                                                     std::count(text.begin(), control, '\n') + 1));
  }
  std::istringstream stream{std::string(text)};
  YamlBuilder builder;
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
      if (builder.error()) break;
    }
  } catch (const YAML::Exception& failure) {
    if (builder.error()) return *std::move(builder.error());
    return Error(Code::kInvalidArgument,
                 fmt::format("line {}: {}", failure.mark.line + 1, failure.msg));
  }
  if (builder.error()) return *std::move(builder.error());
  return std::move(builder.documents());
}

}  // namespace sandboxlet::api
