#include <optional>

#include "api/validate.h"
#include "base/quantity.h"

namespace sandboxlet::api {

namespace {

std::optional<Quantity> parse(const Field& field, const std::string& text) {
  auto parsed = Quantity::parse(text);
  if (parsed) return *parsed;
  field.invalid(text, parsed.error().message());
  return std::nullopt;
}

void validate_quantity(const Field& field, const std::string& name, const std::string& text) {
  if (name != "cpu" && name != "ephemeral-storage" && name != "memory") {
    return field.not_supported(name, {"cpu", "ephemeral-storage", "memory"});
  }
  if (name == "ephemeral-storage") {
    return field.add("Unsupported: this agent does not limit ephemeral storage yet");
  }
  const auto quantity = parse(field, text);
  if (quantity && quantity->is_negative()) {
    field.invalid(text, "must be greater than or equal to 0");
  }
}

void validate_below_limit(const Field& field, const std::string& name, const std::string& text,
                          const std::string& limit_text) {
  const auto request = Quantity::parse(text);
  const auto limit = Quantity::parse(limit_text);
  if (request && limit && *request > *limit) {
    field.invalid(text, "must be less than or equal to " + name + " limit of " + limit_text);
  }
}

}  // namespace

void validate_resources(const Field& field, const ResourceRequirements& resources) {
  for (const auto& [name, text] : resources.limits) {
    validate_quantity(field.child("limits").key(name), name, text);
  }
  const Field requests = field.child("requests");
  for (const auto& [name, text] : resources.requests) {
    const auto limit = resources.limits.find(name);
    const bool limited = limit != resources.limits.end();
    // A request that came from its limit has the limit's faults, which are reported.
    if (limited && limit->second == text) continue;
    validate_quantity(requests.key(name), name, text);
    if (limited) validate_below_limit(requests, name, text, limit->second);
  }
}

void validate_storage(const Field& field, const std::string& quantity) {
  const auto parsed = parse(field, quantity);
  if (parsed && *parsed <= Quantity()) field.invalid(quantity, "must be greater than zero");
}

void validate_size_limit(const Field& field, const EmptyDirVolumeSource& source) {
  if (source.sizeLimit.empty()) return;
  const auto limit = parse(field, source.sizeLimit);
  if (!limit) return;
  if (limit->is_negative()) {
    field.forbidden("SizeLimit field must be a valid resource quantity");
  } else if (source.medium.empty() && *limit != Quantity()) {
    field.add("Unsupported: this agent does not limit the size of an emptyDir on disk yet");
  }
}

}  // namespace sandboxlet::api
