#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sandboxlet {

// A Kubernetes resource quantity ("500m", "1.5Gi", "2e3"), exact: held in units of 10^-9.
// As in apimachinery's resource.Quantity, digits below 10^-9 are rounded away from zero and what
// is beyond 2^63-1 is held at 2^63-1.
class Quantity {
 public:
  Quantity() = default;
  static Quantity from_value(int64_t value);
  static Quantity from_milli(int64_t milli);

  // Refuses with the API server's words where text is no quantity.
  static Result<Quantity> parse(std::string_view text);

  // Rounded away from zero, as the scheduler and the kubelet round.
  int64_t value() const;
  // The same in thousandths; held at the ends of int64_t.
  int64_t milli_value() const;
  bool is_negative() const { return nano_ < 0; }

  Quantity operator+(const Quantity& other) const;
  auto operator<=>(const Quantity&) const = default;

 private:
  __extension__ using Nano = __int128;
  explicit Quantity(Nano nano);

  Nano nano_ = 0;
};

}  // namespace sandboxlet
