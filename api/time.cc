#include "api/time.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <optional>

namespace sandboxlet::api {

namespace {

using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Takes characters off the front of a text; every function is false or empty at a mismatch.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }

  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  std::optional<int> digit() {
    if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') return std::nullopt;
    const int value = rest_.front() - '0';
    rest_.remove_prefix(1);
    return value;
  }

  // Exactly count digits, no more than high.
  std::optional<int> number(int count, int high) {
    int value = 0;
    for (int i = 0; i < count; ++i) {
      const auto next = digit();
      if (!next) return std::nullopt;
      value = value * 10 + *next;
    }
    if (value > high) return std::nullopt;
    return value;
  }

 private:
  std::string_view rest_;
};

Error not_a_time(std::string_view text) {
  return Error(Code::kInvalidArgument, fmt::format("\"{}\" is not an RFC 3339 time, such as "
                                                   "2026-01-02T03:04:05Z",
                                                   text));
}

// ".123" as nanoseconds; nothing where there is no point.
std::optional<Duration> take_fraction(Scanner& scanner) {
  if (!scanner.take('.')) return Duration(0);
  int64_t unit = 1'000'000'000;
  int64_t value = 0;
  for (auto next = scanner.digit(); next; next = scanner.digit()) {
    unit /= 10;
    if (unit == 0) return std::nullopt;
    value += *next * unit;
  }
  if (unit == 1'000'000'000) return std::nullopt;
  return Duration(value);
}

std::optional<Duration> take_offset(Scanner& scanner) {
  if (scanner.take('Z')) return Duration(0);
  const bool west = scanner.take('-');
  if (!west && !scanner.take('+')) return std::nullopt;
  const auto hour = scanner.number(2, 23);
  if (!hour || !scanner.take(':')) return std::nullopt;
  const auto minute = scanner.number(2, 59);
  if (!minute) return std::nullopt;
  const Duration offset = hours(*hour) + minutes(*minute);
  return west ? -offset : offset;
}

std::optional<std::chrono::sys_days> take_date(Scanner& scanner) {
  const auto year = scanner.number(4, 2200);
  if (!year || !scanner.take('-')) return std::nullopt;
  const auto month = scanner.number(2, 12);
  if (!month || !scanner.take('-')) return std::nullopt;
  const auto day = scanner.number(2, 31);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  // Below 1900 nanoseconds since the epoch leave 64 bits soon.
  if (!date.ok() || *year < 1900) return std::nullopt;
  return std::chrono::sys_days(date);
}

std::optional<Duration> take_time_of_day(Scanner& scanner) {
  const auto hour = scanner.number(2, 23);
  if (!hour || !scanner.take(':')) return std::nullopt;
  const auto minute = scanner.number(2, 59);
  if (!minute || !scanner.take(':')) return std::nullopt;
  const auto second = scanner.number(2, 59);
  if (!second) return std::nullopt;
  return hours(*hour) + minutes(*minute) + seconds(*second);
}

struct Unit {
  std::string_view name;
  int64_t nanoseconds;
};

// "ms" and "µs" stand before "m": the first that fits is taken.
constexpr std::array<Unit, 8> kUnits{{{"ns", 1},
                                      {"us", 1'000},
                                      {"\u00b5s", 1'000},
                                      {"\u03bcs", 1'000},
                                      {"ms", 1'000'000},
                                      {"s", 1'000'000'000},
                                      {"m", 60'000'000'000},
                                      {"h", 3'600'000'000'000}}};

std::optional<int64_t> take_unit(Scanner& scanner) {
  for (const Unit& unit : kUnits) {
    if (scanner.take(unit.name)) return unit.nanoseconds;
  }
  return std::nullopt;
}

__extension__ using Wide = __int128;
constexpr Wide kMaxDuration = std::numeric_limits<int64_t>::max();

// One "1.5h": digits are held as value / divisor; decimals beyond the 18th do not matter.
std::optional<Wide> take_term(Scanner& scanner) {
  constexpr Wide kMaxDivisor = 1'000'000'000'000'000'000;
  Wide value = 0;
  Wide divisor = 1;
  bool any = false;
  bool fraction = false;
  for (;;) {
    if (!fraction && scanner.take('.')) {
      fraction = true;
      continue;
    }
    const auto next = scanner.digit();
    if (!next) break;
    any = true;
    if (fraction && divisor == kMaxDivisor) continue;
    value = value * 10 + *next;
    if (fraction) divisor *= 10;
    if (value / divisor > kMaxDuration) return std::nullopt;
  }
  const auto unit = take_unit(scanner);
  if (!any || !unit) return std::nullopt;
  // Whole and fraction apart: value * unit would leave 128 bits.
  return (value / divisor) * *unit + (value % divisor) * *unit / divisor;
}

}  // namespace

Time format_time(WallTime time) {
  const auto day = floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(floor<seconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

Time format_micro_time(WallTime time) {
  const auto fraction = time - floor<seconds>(time);
  std::string text = format_time(time);
  text.pop_back();
  return fmt::format("{}.{:06}Z", text, floor<std::chrono::microseconds>(fraction).count());
}

Result<WallTime> parse_time(std::string_view text) {
  Scanner scanner(text);
  const auto date = take_date(scanner);
  if (!date || !scanner.take('T')) return not_a_time(text);
  const auto clock = take_time_of_day(scanner);
  if (!clock) return not_a_time(text);
  const auto fraction = take_fraction(scanner);
  if (!fraction) return not_a_time(text);
  const auto offset = take_offset(scanner);
  if (!offset || !scanner.at_end()) return not_a_time(text);
  return WallTime(*date) + *clock + *fraction - *offset;
}

Result<Duration> parse_duration(std::string_view text) {
  const auto refused = [text] {
    return Error(Code::kInvalidArgument,
                 fmt::format("\"{}\" is not a duration, such as 300ms or 1h30m", text));
  };
  Scanner scanner(text);
  const bool negative = scanner.take('-');
  if (!negative) scanner.take('+');
  if (scanner.at_end()) return refused();
  Scanner zero = scanner;
  if (zero.take('0') && zero.at_end()) return Duration(0);
  Wide sum = 0;
  while (!scanner.at_end()) {
    const auto term = take_term(scanner);
    if (!term) return refused();
    sum += *term;
    if (sum > kMaxDuration) return refused();
  }
  return Duration(static_cast<int64_t>(negative ? -sum : sum));
}

}  // namespace sandboxlet::api
