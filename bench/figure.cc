#include "bench/figure.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/table.h"

namespace sandboxlet::bench {

namespace {

std::string number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), value < 10 ? "%.3f" : "%.1f", value);
  return text.data();
}

}  // namespace

Figure single(std::string name, std::string unit, double value, double bar) {
  Figure figure{std::move(name), std::move(unit), value, {}, bar, false, {}};
  figure.samples.add(value);
  return figure;
}

double Samples::percentile(double p) const {
  if (values_.empty()) return 0;
  std::vector<double> sorted = values_;
  std::sort(sorted.begin(), sorted.end());
  const auto rank = static_cast<size_t>(std::ceil(p / 100 * static_cast<double>(sorted.size())));
  return sorted[std::max<size_t>(rank, 1) - 1];
}

std::string as_json(const Figure& figure) {
  nlohmann::ordered_json json;
  json["name"] = figure.name;
  json["value"] = figure.value;
  json["unit"] = figure.unit;
  if (figure.floor) json["floor"] = *figure.floor;
  json["bar"] = figure.bar;
  json["holds"] = figure.holds();
  json["n"] = figure.samples.size();
  for (const int p : {50, 90, 99}) json["p" + std::to_string(p)] = figure.samples.percentile(p);
  return json.dump();
}

std::string as_table(const std::vector<Figure>& figures) {
  std::vector<std::vector<std::string>> rows{
      {"FIGURE", "VALUE", "BAR", "HOLDS", "FLOOR", "N", "P50", "P90", "P99"}};
  for (const auto& figure : figures) {
    rows.push_back({figure.name, number(figure.value) + " " + figure.unit,
                    (figure.at_least ? ">= " : "<= ") + number(figure.bar),
                    figure.holds() ? "yes" : "NO", figure.floor ? number(*figure.floor) : "",
                    std::to_string(figure.samples.size()), number(figure.samples.percentile(50)),
                    number(figure.samples.percentile(90)), number(figure.samples.percentile(99))});
  }
  return cli::table(rows);
}

}  // namespace sandboxlet::bench
