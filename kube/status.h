#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "kube/http.h"

namespace sandboxlet::kube {

// How an API server refuses (apimachinery: metav1.Status).
struct Status {
  // HTTP's.
  int code = 0;
  // "NotFound", "Conflict", "Expired", ...; empty where a proxy answered.
  std::string reason;
  std::string message;
  // The reasons of its causes: "FieldValueInvalid", "ResourceVersionTooLarge", ...
  std::vector<std::string> causes;
  // When it asks to be asked again.
  std::optional<Duration> retry_after;
};

// Of an answer of 400 and more, whatever its body.
Status read_status(const HttpHead& head, std::string_view body);
// Of a watch's ERROR event.
Status read_status(const nlohmann::json& object);

// The resourceVersion or continue token that was named is too old.
bool is_expired(const Status& status);
// The resourceVersion that was named is newer than this server knows.
bool is_too_large(const Status& status);

// Conflicts of versions are kFailedPrecondition, of names kAlreadyExists; what an admission policy
// or the schema refuses is kInvalidArgument; what goes over by itself is retryable.
Error to_error(const Status& status);

}  // namespace sandboxlet::kube
