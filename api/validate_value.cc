#include <algorithm>

#include "api/time.h"
#include "api/validate.h"

namespace sandboxlet::api {

void validate_choice(const Field& field, std::string_view value,
                     std::initializer_list<std::string_view> supported) {
  if (std::find(supported.begin(), supported.end(), value) != supported.end()) return;
  if (value.empty()) return field.required();
  field.not_supported(value, supported);
}

void validate_range(const Field& field, int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high) return;
  field.invalid(value, "must be between " + std::to_string(low) + " and " + std::to_string(high) +
                           ", inclusive");
}

void validate_text(const Field& field, std::string_view text) {
  if (text.find('\0') != std::string_view::npos) field.invalid(text, "must not contain NUL");
}

void validate_time(const Field& field, const Time& time) {
  if (time.empty() || parse_time(time)) return;
  field.invalid(time, "must be an RFC 3339 time, such as 2026-01-02T03:04:05Z");
}

void validate_unique(const Field& field, std::string_view name, NameSet& seen) {
  if (!seen.insert(name).second) field.duplicate(name);
}

}  // namespace sandboxlet::api
