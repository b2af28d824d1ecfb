#include "api/field.h"

#include <fmt/format.h>

#include <iterator>

namespace sandboxlet::api {

namespace {

constexpr size_t kMaxQuoted = 300;

// A control character as Go's %q writes it.
void append_control(std::string& to, char c) {
  constexpr std::string_view kControls = "\a\b\f\n\r\t\v";
  constexpr std::string_view kLetters = "abfnrtv";
  if (const size_t found = kControls.find(c); found != std::string_view::npos) {
    to.append({'\\', kLetters[found]});
  } else {
    fmt::format_to(std::back_inserter(to), "\\x{:02x}", static_cast<unsigned char>(c));
  }
}

void append(std::string& to, char c) {
  if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
    append_control(to, c);
  } else {
    to.push_back(c);
  }
}

// At most size bytes, not ending inside a UTF-8 sequence.
std::string_view cut(std::string_view text, size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

// A name from a manifest as it may stand in a path, which is one line.
std::string shown(std::string_view name) {
  std::string text;
  for (const char c : cut(name, kMaxQuoted)) append(text, c);
  return text;
}

std::string with_detail(std::string text, std::string_view detail) {
  if (!detail.empty()) text.append(": ").append(detail);
  return text;
}

}  // namespace

std::string to_string(const Finding& finding) {
  return finding.path.empty() ? finding.message : finding.path + ": " + finding.message;
}

std::string quote(std::string_view text) {
  const std::string_view begin = cut(text, kMaxQuoted);
  std::string quoted = "\"";
  for (const char c : begin) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    append(quoted, c);
  }
  return quoted.append(begin.size() < text.size() ? "...\"" : "\"");
}

Field Field::child(std::string_view name) const {
  return Field(*findings_, path_.empty() ? shown(name) : fmt::format("{}.{}", path_, shown(name)));
}

Field Field::index(size_t position) const {
  return Field(*findings_, fmt::format("{}[{}]", path_, position));
}

Field Field::key(std::string_view name) const {
  return Field(*findings_, fmt::format("{}[{}]", path_, shown(name)));
}

void Field::required(std::string_view detail) const { add(with_detail("Required value", detail)); }

void Field::invalid(std::string_view value, std::string_view detail) const {
  add(with_detail("Invalid value: " + quote(value), detail));
}

void Field::invalid(int64_t value, std::string_view detail) const {
  add(with_detail(fmt::format("Invalid value: {}", value), detail));
}

void Field::invalid(std::string_view detail) const { add(with_detail("Invalid value", detail)); }

void Field::duplicate(std::string_view value) const { add("Duplicate value: " + quote(value)); }

void Field::not_found(std::string_view value) const { add("Not found: " + quote(value)); }

void Field::not_supported(std::string_view value,
                          std::initializer_list<std::string_view> supported) const {
  std::string message = "Unsupported value: " + quote(value) + ": supported values: ";
  for (const std::string_view one : supported) {
    message.append(one == *supported.begin() ? "" : ", ").append(quote(one));
  }
  add(std::move(message));
}

void Field::forbidden(std::string_view detail) const { add(with_detail("Forbidden", detail)); }

void Field::too_long(size_t max_bytes) const {
  add(fmt::format("Too long: may not be more than {} bytes", max_bytes));
}

void Field::add(std::string message) const {
  if (findings_->size() < kMaxFindings) findings_->push_back({path_, std::move(message)});
}

}  // namespace sandboxlet::api
