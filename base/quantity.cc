#include "base/quantity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

namespace sandboxlet {

namespace {

__extension__ using Wide = __int128;

constexpr Wide kNano = 1'000'000'000;
constexpr Wide kMax = Wide{std::numeric_limits<int64_t>::max()} * kNano;

// What a suffix multiplies by: base^exponent.
struct Scale {
  int base;
  int exponent;
};

struct Suffix {
  std::string_view text;
  Scale scale;
};

constexpr std::array<Suffix, 16> kSuffixes{{
    {"", {10, 0}},
    {"n", {10, -9}},
    {"u", {10, -6}},
    {"m", {10, -3}},
    {"k", {10, 3}},
    {"M", {10, 6}},
    {"G", {10, 9}},
    {"T", {10, 12}},
    {"P", {10, 15}},
    {"E", {10, 18}},
    {"Ki", {2, 10}},
    {"Mi", {2, 20}},
    {"Gi", {2, 30}},
    {"Ti", {2, 40}},
    {"Pi", {2, 50}},
    {"Ei", {2, 60}},
}};

std::optional<Scale> parse_suffix(std::string_view text) {
  for (const Suffix& known : kSuffixes) {
    if (known.text == text) return known.scale;
  }
  if (text.size() < 2 || (text[0] != 'e' && text[0] != 'E')) return std::nullopt;
  text.remove_prefix(1);
  if (text[0] == '+') text.remove_prefix(1);
  int exponent = 0;
  const char* end = text.data() + text.size();
  auto [rest, failure] = std::from_chars(text.data(), end, exponent);
  if (failure != std::errc() || rest != end || text.empty()) return std::nullopt;
  return Scale{10, std::clamp(exponent, -1000, 1000)};
}

// value * base, held at kMax; value is never negative here.
Wide multiply(Wide value, int base) { return value > kMax / base ? kMax : value * base; }

// value / 10, remembering in rest whether anything was cut off.
Wide shorten(Wide value, bool& rest) {
  rest = rest || value % 10 != 0;
  return value / 10;
}

// digits * 10^-decimals * scale in units of 10^-9, rounded up.
Wide to_nano(Wide digits, int decimals, Scale scale) {
  Wide value = digits;
  int tens = 9 - decimals;
  if (scale.base == 2) {
    for (int i = 0; i < scale.exponent; ++i) {
      value = multiply(value, 2);
    }
  } else {
    tens += scale.exponent;
  }
  bool rest = false;
  for (; tens > 0 && value < kMax && value != 0; --tens) value = multiply(value, 10);
  for (; tens < 0 && value != 0; ++tens) value = shorten(value, rest);
  return std::min(rest ? value + 1 : value, kMax);
}

// The number's digits without its point; more digits than matter are cut and rounded up.
struct Number {
  Wide digits = 0;
  int decimals = 0;
  bool any = false;
};

Number take_number(std::string_view& text) {
  constexpr Wide kRoom = Wide{1} << 63;
  Number number;
  bool fraction = false;
  bool rest = false;
  while (!text.empty()) {
    const char c = text.front();
    if (c == '.') {
      if (fraction) break;
      fraction = true;
    } else if (c >= '0' && c <= '9') {
      number.any = true;
      if (fraction && number.decimals >= 9) {
        rest = rest || c != '0';
      } else {
        number.digits = std::min(number.digits * 10 + (c - '0'), kRoom * kNano);
        number.decimals += fraction ? 1 : 0;
      }
    } else {
      break;
    }
    text.remove_prefix(1);
  }
  if (rest) ++number.digits;
  return number;
}

Wide divide_up(Wide value, Wide by) {
  const Wide whole = value / by;
  if (value % by == 0) return whole;
  return value > 0 ? whole + 1 : whole - 1;
}

int64_t to_int64(Wide value) {
  constexpr Wide low = std::numeric_limits<int64_t>::min();
  constexpr Wide high = std::numeric_limits<int64_t>::max();
  return static_cast<int64_t>(std::clamp(value, low, high));
}

}  // namespace

Quantity::Quantity(Nano nano) : nano_(std::clamp(nano, -kMax, kMax)) {}

Quantity Quantity::from_value(int64_t value) { return Quantity(Nano{value} * kNano); }

Quantity Quantity::from_milli(int64_t milli) { return Quantity(Nano{milli} * (kNano / 1000)); }

Result<Quantity> Quantity::parse(std::string_view text) {
  std::string_view rest = text;
  const bool negative = !rest.empty() && rest.front() == '-';
  if (negative || (!rest.empty() && rest.front() == '+')) rest.remove_prefix(1);
  const Number number = take_number(rest);
  const std::optional<Scale> scale = parse_suffix(rest);
  if (!number.any || !scale) {
    return Error(Code::kInvalidArgument,
                 "quantities must match the regular expression "
                 "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
  }
  const Wide nano = to_nano(number.digits, number.decimals, *scale);
  return Quantity(negative ? -nano : nano);
}

int64_t Quantity::value() const { return to_int64(divide_up(nano_, kNano)); }

int64_t Quantity::milli_value() const { return to_int64(divide_up(nano_, kNano / 1000)); }

Quantity Quantity::operator+(const Quantity& other) const { return Quantity(nano_ + other.nano_); }

}  // namespace sandboxlet
