#include "kube/fake_refusals.h"

#include <fmt/format.h>

#include "kube/fake_kinds.h"

namespace sandboxlet::kube {

using Json = nlohmann::json;

namespace {

std::string plural_of(const ObjectRef& ref) {
  std::string name(ref.resource.plural);
  if (!ref.resource.group.empty()) name.append(".").append(ref.resource.group);
  return name;
}

std::string kind_of(const ObjectRef& ref) {
  const FakeKind* const kind = find_fake_kind(fake_collection(ref));
  std::string name = kind == nullptr ? "" : kind->name;
  if (!ref.resource.group.empty()) name.append(".").append(ref.resource.group);
  return name;
}

}  // namespace

Json details_of(const ObjectRef& ref) {
  Json details{{"name", ref.name}, {"kind", ref.resource.plural}};
  if (!ref.resource.group.empty()) details["group"] = ref.resource.group;
  return details;
}

FakeAnswer refuse(int code, const std::string& reason, const std::string& message, Json details) {
  Json body{{"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", Json::object()},
            {"code", code},     {"message", message}, {"status", "Failure"}};
  if (!reason.empty()) body["reason"] = reason;
  if (!details.is_null()) body["details"] = std::move(details);
  return {code, std::move(body)};
}

FakeAnswer no_kind() {
  return refuse(404, "NotFound", "the server could not find the requested resource");
}

FakeAnswer not_found(const ObjectRef& ref) {
  return refuse(404, "NotFound", fmt::format("{} \"{}\" not found", plural_of(ref), ref.name),
                details_of(ref));
}

FakeAnswer already_exists(const ObjectRef& ref, bool is_deleting) {
  const std::string prefix = is_deleting ? "object is being deleted: " : "";
  return refuse(409, "AlreadyExists",
                fmt::format("{}{} \"{}\" already exists", prefix, plural_of(ref), ref.name),
                details_of(ref));
}

FakeAnswer conflict(const ObjectRef& ref, const std::string& why) {
  return refuse(
      409, "Conflict",
      fmt::format("Operation cannot be fulfilled on {} \"{}\": {}", plural_of(ref), ref.name, why),
      details_of(ref));
}

FakeAnswer was_modified(const ObjectRef& ref) {
  return conflict(ref,
                  "the object has been modified; please apply your changes to the latest version "
                  "and try again");
}

FakeAnswer invalid(const ObjectRef& ref, const std::string& field, const std::string& reason,
                   const std::string& message) {
  Json details = details_of(ref);
  details["causes"] = {{{"reason", reason}, {"message", message}, {"field", field}}};
  return refuse(422, "Invalid",
                fmt::format("{} \"{}\" is invalid: {}: {}", kind_of(ref), ref.name, field, message),
                std::move(details));
}

FakeAnswer immutable_uid(const ObjectRef& ref, const std::string& uid) {
  return invalid(ref, "metadata.uid", "FieldValueInvalid",
                 fmt::format("Invalid value: \"{}\": field is immutable", uid));
}

FakeAnswer too_large(int64_t asked, int64_t current) {
  Json details{{"retryAfterSeconds", 1}};
  details["causes"] = {
      {{"reason", "ResourceVersionTooLarge"}, {"message", "Too large resource version"}}};
  return refuse(504, "Timeout",
                fmt::format("Timeout: Too large resource version: {}, current: {}", asked, current),
                std::move(details));
}

FakeAnswer expired_token() {
  return refuse(410, "Expired",
                "The provided continue parameter is too old to display a consistent list result. "
                "You can start a new list without the continue parameter.");
}

}  // namespace sandboxlet::kube
