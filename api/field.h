#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/finding.h"

namespace sandboxlet::api {

// A field of an object that is read or validated: knows its path and adds findings in the API
// server's wording (apimachinery: field.Error). A short-lived value; the findings outlive it.
class Field {
 public:
  explicit Field(std::vector<Finding>& findings, std::string path = {})
      : findings_(&findings), path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  Field child(std::string_view name) const;
  Field index(size_t position) const;
  Field key(std::string_view name) const;

  void required(std::string_view detail = {}) const;
  void invalid(std::string_view value, std::string_view detail) const;
  void invalid(int64_t value, std::string_view detail) const;
  // The same where no single value is to blame.
  void invalid(std::string_view detail) const;
  void duplicate(std::string_view value) const;
  void not_found(std::string_view value) const;
  void not_supported(std::string_view value,
                     std::initializer_list<std::string_view> supported) const;
  void forbidden(std::string_view detail) const;
  void too_long(size_t max_bytes) const;
  // A message that is whole as it stands.
  void add(std::string message) const;

 private:
  std::vector<Finding>* findings_;
  std::string path_;
};

// The text in double quotes as Go's %q writes it; a long one is cut and ends with "...".
std::string quote(std::string_view text);

}  // namespace sandboxlet::api
