#include <algorithm>
#include <cctype>

#include "api/names.h"
#include "api/validate.h"

namespace sandboxlet::api {

namespace {

constexpr size_t kMaxAnnotationBytes = size_t{256} * 1024;
constexpr size_t kMaxUid = 128;

// Directories and cgroups are named after the uid, so no other character may stand in it.
void validate_uid(const Field& field, const std::string& uid) {
  const bool plain = std::all_of(uid.begin(), uid.end(), [](unsigned char c) {
    return c == '-' || (c < 0x80 && std::isalnum(c) != 0);
  });
  if (!plain) field.invalid(uid, "must consist of alphanumeric characters and '-'");
  if (uid.size() > kMaxUid) field.too_long(kMaxUid);
}

// An annotation's key is a label's key in any case.
std::string to_lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

}  // namespace

void validate_metadata(const Field& field, const ObjectMeta& metadata) {
  if (metadata.name.empty()) {
    field.child("name").required("name or generateName is required");
  } else {
    report(field.child("name"), metadata.name, dns1123_subdomain(metadata.name));
  }
  if (metadata.namespace_.empty()) {
    field.child("namespace").required();
  } else {
    report(field.child("namespace"), metadata.namespace_, dns1123_label(metadata.namespace_));
  }
  validate_uid(field.child("uid"), metadata.uid);
  validate_time(field.child("creationTimestamp"), metadata.creationTimestamp);
  validate_time(field.child("deletionTimestamp"), metadata.deletionTimestamp);
  validate_labels(field.child("labels"), metadata.labels);
  validate_annotations(field.child("annotations"), metadata.annotations);
  for (const std::string& finalizer : metadata.finalizers) {
    report(field.child("finalizers"), finalizer, label_key(finalizer));
  }
}

void validate_labels(const Field& field, const StringMap& labels) {
  for (const auto& [key, value] : labels) {
    report(field, key, label_key(key));
    report(field, value, label_value(value));
  }
}

void validate_annotations(const Field& field, const StringMap& annotations) {
  size_t bytes = 0;
  for (const auto& [key, value] : annotations) {
    report(field, key, label_key(to_lower(key)));
    bytes += key.size() + value.size();
  }
  if (bytes > kMaxAnnotationBytes) field.too_long(kMaxAnnotationBytes);
}

}  // namespace sandboxlet::api
