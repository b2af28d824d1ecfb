#include "api/yaml_scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "api/field.h"

namespace sandboxlet::api {

namespace {

constexpr std::array<std::string_view, 11> kTrue{"y",    "Y",    "yes", "Yes", "YES", "true",
                                                 "True", "TRUE", "on",  "On",  "ON"};
constexpr std::array<std::string_view, 11> kFalse{"n",     "N",     "no",  "No",  "NO", "false",
                                                  "False", "FALSE", "off", "Off", "OFF"};
constexpr std::array<std::string_view, 4> kNull{"~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 12> kNoNumber{".inf",  ".Inf",  ".INF",  "-.inf",
                                                     "-.Inf", "-.INF", "+.inf", "+.Inf",
                                                     "+.INF", ".nan",  ".NaN",  ".NAN"};

template <size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view text) {
  return !text.empty() && std::find(words.begin(), words.end(), text) != words.end();
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool take_sign(std::string_view& text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  return negative;
}

// Takes "0x", "0o", "0b" or the "0" of an old octal off the front, in either case.
int take_base(std::string_view& text) {
  if (text.size() < 2 || text[0] != '0') return 10;
  const auto second = static_cast<char>(text[1] | 0x20);
  const int base = second == 'x' ? 16 : second == 'o' ? 8 : second == 'b' ? 2 : 0;
  text.remove_prefix(base == 0 ? 1 : 2);
  return base == 0 ? 8 : base;
}

// As strconv.ParseInt and ParseUint read it in base 0.
std::optional<YamlValue> parse_integer(std::string_view text) {
  const bool is_signed = text.starts_with('-') || text.starts_with('+');
  const bool negative = take_sign(text);
  const int base = take_base(text);
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, value, base);
  if (failure != std::errc() || rest != end) return std::nullopt;
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  if (negative && value <= kMax + 1) return YamlValue(static_cast<int64_t>(0 - value));
  if (value <= kMax) return YamlValue(static_cast<int64_t>(value));
  if (is_signed) return std::nullopt;
  return YamlValue(value);
}

std::string_view take_digits(std::string_view& text) {
  const auto other = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto count = static_cast<size_t>(other - text.begin());
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

// Digits with one point among or around them and an exponent, no sign.
bool is_decimal(std::string_view text) {
  bool any = !take_digits(text).empty();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    any = !take_digits(text).empty() || any;
  }
  if (!any) return false;
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  text.remove_prefix(1);
  take_sign(text);
  return !take_digits(text).empty() && text.empty();
}

std::optional<double> parse_float(std::string_view text) {
  const bool negative = take_sign(text);
  if (!is_decimal(text)) return std::nullopt;
  double value = 0;
  const auto [rest, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure == std::errc::result_out_of_range) {
    // Too small is zero; what is too large for a number is a string.
    if (text.find("e-") == text.npos && text.find("E-") == text.npos) return std::nullopt;
    value = 0;
  }
  return negative ? -value : value;
}

// JSON's writer in Go leaves the point off a whole number, and so an integer field takes it.
YamlValue shorten(double value) {
  constexpr double kTwo63 = 9223372036854775808.0;
  if (std::trunc(value) != value) return value;
  if (value >= -kTwo63 && value < kTwo63) return static_cast<int64_t>(value);
  if (value >= kTwo63 && value < 2 * kTwo63) return static_cast<uint64_t>(value);
  return value;
}

std::optional<YamlValue> parse_number(const std::string& text) {
  std::string plain = text;
  // Digits may be grouped by '_', but for a number that begins with its point.
  if (text[0] != '.') plain.erase(std::remove(plain.begin(), plain.end(), '_'), plain.end());
  if (auto integer = parse_integer(plain)) return integer;
  if (const auto value = parse_float(plain)) return shorten(*value);
  return std::nullopt;
}

Error not_of_type(std::string_view type, const std::string& text) {
  return Error(Code::kInvalidArgument, quote(text) + " is not of type " + std::string(type));
}

constexpr std::string_view kYamlTag = "tag:yaml.org,2002:";

bool is_of(std::string_view type, const YamlValue& value) {
  const bool is_integer =
      std::holds_alternative<int64_t>(value) || std::holds_alternative<uint64_t>(value);
  if (type == "int") return is_integer;
  if (type == "float") return is_integer || std::holds_alternative<double>(value);
  if (type == "bool") return std::holds_alternative<bool>(value);
  return std::holds_alternative<std::nullptr_t>(value);
}

// The value that a plain scalar would have, where it is of the tag's type.
Result<YamlValue> resolve_typed(std::string_view type, const std::string& text) {
  TRY(YamlValue value, resolve_plain(text));
  if (is_of(type, value)) return value;
  return not_of_type(type, text);
}

}  // namespace

Result<YamlValue> resolve_plain(const std::string& text) {
  if (text.empty() || is_one_of(kNull, text)) return YamlValue(nullptr);
  if (is_one_of(kTrue, text)) return YamlValue(true);
  if (is_one_of(kFalse, text)) return YamlValue(false);
  if (is_one_of(kNoNumber, text)) {
    return Error(Code::kInvalidArgument, text + " is a number that JSON does not have");
  }
  if (is_digit(text[0]) || text[0] == '+' || text[0] == '-' || text[0] == '.') {
    if (auto number = parse_number(text)) return *std::move(number);
  }
  return YamlValue(text);
}

Result<YamlValue> resolve_scalar(std::string_view tag, const std::string& text) {
  if (tag == "?") return resolve_plain(text);
  if (!tag.starts_with(kYamlTag)) return YamlValue(text);
  tag.remove_prefix(kYamlTag.size());
  if (tag == "binary") {
    return Error(Code::kInvalidArgument, "!!binary is not read: no field holds bytes");
  }
  for (const std::string_view typed : {"int", "float", "bool", "null"}) {
    if (tag == typed) return resolve_typed(tag, text);
  }
  return YamlValue(text);
}

}  // namespace sandboxlet::api
