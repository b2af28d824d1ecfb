#include "cri/exec_status.h"

#include <charconv>
#include <nlohmann/json.hpp>

namespace sandboxlet::cri {

namespace {

using Json = nlohmann::json;

// What is of another type, or not there, is empty.
std::string text(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

const Json& member(const Json& object, const char* key) {
  static const Json kNothing;
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() ? *found : kNothing;
}

}  // namespace

Result<int> exit_code_of(const std::string& status) {
  const Json json = Json::parse(status, nullptr, false);
  if (!json.is_object()) return Error(Code::kInternal, "exec: not a status: " + status);
  if (text(json, "status") == "Success") return 0;
  if (text(json, "reason") != "NonZeroExitCode") {
    const std::string message = text(json, "message");
    return Error(Code::kInternal,
                 "exec: " + (message.empty() ? "the command did not run" : message));
  }
  for (const Json& cause : member(member(json, "details"), "causes")) {
    if (text(cause, "reason") != "ExitCode") continue;
    const std::string number = text(cause, "message");
    int code = 0;
    const auto end = std::from_chars(number.data(), number.data() + number.size(), code);
    if (end.ec == std::errc() && code != 0) return code;
  }
  return Error(Code::kInternal, "exec: a status without an exit code: " + status);
}

}  // namespace sandboxlet::cri
