#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sandboxlet::scheduler {

// What one quantity is held at, so that no sum of them overflows: a pebibyte.
inline constexpr int64_t kMaxQuantity = int64_t{1} << 50;

// Amounts by resource: what a Sandbox requests, a node has, or all Sandboxes on a node hold.
struct Resources {
  int64_t milli_cpu = 0;
  int64_t memory = 0;             // bytes
  int64_t ephemeral_storage = 0;  // bytes
  int64_t pods = 0;
  // The rest ("example.com/gpu", "hugepages-2Mi"), sorted by name.
  std::vector<std::pair<std::string, int64_t>> extended;

  void add(const Resources& other);
  void subtract(const Resources& other);
  // Each amount becomes the greater of both.
  void raise_to(const Resources& other);

  int64_t extended_amount(std::string_view name) const;
  // The amount of that name, made where there is none.
  int64_t& extended_slot(std::string_view name);

  bool operator==(const Resources&) const = default;
};
BOOST_DESCRIBE_STRUCT(Resources, (), (milli_cpu, memory, ephemeral_storage, pods, extended))

}  // namespace sandboxlet::scheduler
