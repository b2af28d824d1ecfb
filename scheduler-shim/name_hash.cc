#include "scheduler-shim/name_hash.h"

#include <fmt/format.h>

#include <cstdint>

namespace sandboxlet::scheduler {

std::string name_hash(std::string_view name) {
  constexpr uint32_t kOffset = 2166136261;
  constexpr uint32_t kPrime = 16777619;
  uint32_t hash = kOffset;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
  return fmt::format("{:08x}", hash);
}

}  // namespace sandboxlet::scheduler
