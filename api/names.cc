#include "api/names.h"

#include <algorithm>

namespace sandboxlet::api {

namespace {

constexpr size_t kMaxLabel = 63;
constexpr size_t kMaxSubdomain = 253;
constexpr size_t kMaxPortName = 15;

constexpr char kLabelFault[] =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must "
    "start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for "
    "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
constexpr char kSubdomainFault[] =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', "
    "and must start and end with an alphanumeric character (e.g. 'example.com', regex used for "
    "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr char kDns1035Fault[] =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', "
    "regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
constexpr char kKeyFault[] =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr char kValueFault[] =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or "
    "'12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower_alnum(char c) { return is_lower(c) || is_digit(c); }
bool is_alnum(char c) { return is_lower_alnum(c) || (c >= 'A' && c <= 'Z'); }

// Not empty, all of middle, and of edge at both ends.
template <class Edge, class Middle>
bool is_made_of(std::string_view text, Edge edge, Middle middle) {
  return !text.empty() && edge(text.front()) && edge(text.back()) &&
         std::all_of(text.begin(), text.end(), middle);
}

bool is_label(std::string_view text) {
  return is_made_of(text, is_lower_alnum, [](char c) { return is_lower_alnum(c) || c == '-'; });
}

bool is_subdomain(std::string_view text) {
  for (;;) {
    const size_t dot = text.find('.');
    if (!is_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_key_name(std::string_view text) {
  return is_made_of(text, is_alnum,
                    [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

std::string no_more_than(size_t length, std::string_view unit) {
  return "must be no more than " + std::to_string(length) + " " + std::string(unit);
}

void add_prefix_faults(std::string_view prefix, Faults& faults) {
  if (prefix.empty()) {
    faults.emplace_back("prefix part must be non-empty");
    return;
  }
  for (const std::string& fault : dns1123_subdomain(prefix)) {
    faults.push_back("prefix part " + fault);
  }
}

}  // namespace

Faults dns1123_label(std::string_view text) {
  Faults faults;
  if (text.size() > kMaxLabel) faults.push_back(no_more_than(kMaxLabel, "characters"));
  if (!is_label(text)) {
    faults.emplace_back(is_subdomain(text) ? "must not contain dots" : kLabelFault);
  }
  return faults;
}

Faults dns1123_subdomain(std::string_view text) {
  Faults faults;
  if (text.size() > kMaxSubdomain) faults.push_back(no_more_than(kMaxSubdomain, "characters"));
  if (!is_subdomain(text)) faults.emplace_back(kSubdomainFault);
  return faults;
}

Faults dns1035_label(std::string_view text) {
  Faults faults;
  if (text.size() > kMaxLabel) faults.push_back(no_more_than(kMaxLabel, "characters"));
  if (!is_label(text) || !is_lower(text.front())) faults.emplace_back(kDns1035Fault);
  return faults;
}

Faults label_key(std::string_view text) {
  Faults faults;
  const size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    if (text.find('/', slash + 1) != std::string_view::npos) {
      return {std::string("a valid label key ") + kKeyFault +
              " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"};
    }
    add_prefix_faults(text.substr(0, slash), faults);
    text.remove_prefix(slash + 1);
  }
  if (text.empty()) faults.emplace_back("name part must be non-empty");
  if (text.size() > kMaxLabel) faults.push_back("name part " + no_more_than(kMaxLabel, "bytes"));
  if (!is_key_name(text)) faults.push_back(std::string("name part ") + kKeyFault);
  return faults;
}

Faults label_value(std::string_view text) {
  Faults faults;
  if (text.size() > kMaxLabel) faults.push_back(no_more_than(kMaxLabel, "bytes"));
  if (!text.empty() && !is_key_name(text)) faults.emplace_back(kValueFault);
  return faults;
}

Faults port_name(std::string_view text) {
  Faults faults;
  if (text.size() > kMaxPortName) faults.push_back(no_more_than(kMaxPortName, "characters"));
  const auto allowed = [](char c) { return is_lower_alnum(c) || c == '-'; };
  if (text.empty() || !std::all_of(text.begin(), text.end(), allowed)) {
    faults.emplace_back("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  }
  if (std::none_of(text.begin(), text.end(), is_lower)) {
    faults.emplace_back("must contain at least one letter (a-z)");
  }
  if (text.find("--") != std::string_view::npos) {
    faults.emplace_back("must not contain consecutive hyphens");
  }
  if (text.starts_with('-') || text.ends_with('-')) {
    faults.emplace_back("must not begin or end with a hyphen");
  }
  return faults;
}

Faults env_var_name(std::string_view text) {
  const auto allowed = [](char c) { return c >= ' ' && c <= '~' && c != '='; };
  if (std::all_of(text.begin(), text.end(), allowed)) return {};
  return {
      "a valid environment variable name must consist only of printable ASCII characters other "
      "than '='"};
}

void report(const Field& field, std::string_view value, const Faults& faults) {
  for (const std::string& fault : faults) field.invalid(value, fault);
}

}  // namespace sandboxlet::api
