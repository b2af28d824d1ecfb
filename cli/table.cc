#include "cli/table.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace sandboxlet::cli {

std::string Table::add(const std::vector<Row>& rows) {
  for (const auto& row : rows) {
    widths_.resize(std::max(widths_.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths_[i] = std::max(widths_[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      text += row[i];
      if (i + 1 < row.size()) text.append(widths_[i] - row[i].size() + 3, ' ');
    }
    text += '\n';
  }
  return text;
}

std::string table(const std::vector<Row>& rows) { return Table().add(rows); }

// apimachinery: util/duration.HumanDuration.
std::string human_duration(int64_t seconds) {
  constexpr int64_t kMinute = 60;
  constexpr int64_t kHour = 60 * kMinute;
  constexpr int64_t kDay = 24 * kHour;
  constexpr int64_t kYear = 365 * kDay;
  auto two = [](int64_t first, const char* unit, int64_t second, const char* smaller) {
    std::string text = std::to_string(first) + unit;
    return second == 0 ? text : text + std::to_string(second) + smaller;
  };
  if (seconds < 0) return "0s";
  if (seconds < 2 * kMinute) return std::to_string(seconds) + "s";
  if (seconds < 10 * kMinute) return two(seconds / kMinute, "m", seconds % kMinute, "s");
  if (seconds < 3 * kHour) return std::to_string(seconds / kMinute) + "m";
  if (seconds < 8 * kHour) return two(seconds / kHour, "h", seconds % kHour / kMinute, "m");
  if (seconds < 2 * kDay) return std::to_string(seconds / kHour) + "h";
  if (seconds < 8 * kDay) return two(seconds / kDay, "d", seconds % kDay / kHour, "h");
  if (seconds < 2 * kYear) return std::to_string(seconds / kDay) + "d";
  if (seconds < 8 * kYear) {
    return two(seconds / kYear, "y", seconds % kYear / kDay, "d");
  }
  return std::to_string(seconds / kYear) + "y";
}

std::string human_bytes(uint64_t bytes) {
  constexpr std::array kUnits{"", "Ki", "Mi", "Gi", "Ti"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  std::array<char, 32> text{};
  const bool decimal = unit > 0 && value < 10;
  std::snprintf(text.data(), text.size(), decimal ? "%.1f%s" : "%.0f%s", value, kUnits[unit]);
  return text.data();
}

}  // namespace sandboxlet::cli
