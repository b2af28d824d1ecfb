#pragma once

#include <optional>
#include <string>
#include <vector>

namespace sandboxlet::bench {

// Samples of one thing, in milliseconds or whatever the figure's unit is.
class Samples {
 public:
  void add(double value) { values_.push_back(value); }
  void add(const Samples& more) {
    values_.insert(values_.end(), more.values_.begin(), more.values_.end());
  }
  size_t size() const { return values_.size(); }
  // The nearest-rank percentile, 0 < p <= 100; 0 where there are none.
  double percentile(double p) const;

 private:
  std::vector<double> values_;
};

// One figure beside its bar.
struct Figure {
  std::string name;
  // What value is in: "ms", "x" for a ratio to the floor, ...
  std::string unit;
  double value = 0;
  // What the runtime itself needs, in ms or the unit; nothing where there is no floor.
  std::optional<double> floor;
  double bar = 0;
  // True where value must be at least the bar instead of at most.
  bool at_least = false;
  // What value was made from, in ms or the unit.
  Samples samples;

  bool holds() const { return at_least ? value >= bar : value <= bar; }
};

// One that was measured once, and is at most its bar.
Figure single(std::string name, std::string unit, double value, double bar);

// One JSON object a line.
std::string as_json(const Figure& figure);
// A table for people.
std::string as_table(const std::vector<Figure>& figures);

}  // namespace sandboxlet::bench
