#include "kube/status.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace sandboxlet::kube {

namespace {

using Json = nlohmann::json;

constexpr size_t kMaxForeignBody = 256;

// A member where it is there and of T's type.
template <class T>
T member(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return {};
  if constexpr (std::is_same_v<T, std::string>) {
    return found->is_string() ? found->template get<std::string>() : T{};
  } else {
    return found->is_number_integer() ? found->template get<T>() : T{};
  }
}

std::optional<Duration> seconds(std::string_view text) {
  int number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end.ec != std::errc() || number < 0) return std::nullopt;
  return std::chrono::seconds(number);
}

Code code_of(const Status& status) {
  switch (status.code) {
    case 401:
    case 403:
      return Code::kPermissionDenied;
    case 404:
      return Code::kNotFound;
    case 409:
      return status.reason == "AlreadyExists" ? Code::kAlreadyExists : Code::kFailedPrecondition;
    case 410:
    case 412:
      return Code::kFailedPrecondition;
    case 429:
    case 502:
    case 503:
      return Code::kUnavailable;
    case 504:
      return Code::kDeadlineExceeded;
    default:
      return status.code >= 500 ? Code::kInternal : Code::kInvalidArgument;
  }
}

}  // namespace

Status read_status(const Json& object) {
  Status status;
  if (!object.is_object()) return status;
  status.code = member<int>(object, "code");
  status.reason = member<std::string>(object, "reason");
  status.message = member<std::string>(object, "message");
  const auto details = object.find("details");
  if (details == object.end() || !details->is_object()) return status;
  if (const int wait = member<int>(*details, "retryAfterSeconds"); wait > 0) {
    status.retry_after = std::chrono::seconds(wait);
  }
  const auto causes = details->find("causes");
  if (causes == details->end() || !causes->is_array()) return status;
  for (const Json& cause : *causes) {
    if (cause.is_object()) status.causes.push_back(member<std::string>(cause, "reason"));
  }
  return status;
}

Status read_status(const HttpHead& head, std::string_view body) {
  const Json object = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  Status status;
  if (object.is_object() && member<std::string>(object, "kind") == "Status") {
    status = read_status(object);
  } else {
    status.message = std::string(body.substr(0, kMaxForeignBody));
  }
  status.code = head.status;
  if (const auto header = head.headers.find("retry-after"); header != head.headers.end()) {
    if (const auto wait = seconds(header->second)) status.retry_after = wait;
  }
  if (status.message.empty()) status.message = "HTTP status " + std::to_string(head.status);
  return status;
}

bool is_expired(const Status& status) {
  return status.code == 410 || status.reason == "Expired" || status.reason == "Gone";
}

bool is_too_large(const Status& status) {
  return std::find(status.causes.begin(), status.causes.end(), "ResourceVersionTooLarge") !=
         status.causes.end();
}

Error to_error(const Status& status) { return Error(code_of(status), status.message); }

}  // namespace sandboxlet::kube
