#include "scheduler-shim/network/names.h"

#include <fmt/format.h>

#include <cstdint>

namespace sandboxlet::network {

std::string name_hash(std::string_view name) {
  constexpr uint32_t kOffset = 2166136261;
  constexpr uint32_t kPrime = 16777619;
  uint32_t hash = kOffset;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
  return fmt::format("{:08x}", hash);
}

std::string slice_name(const std::string& service, std::string_view family) {
  return service + (family == "IPv6" ? "-ipv6" : "-ipv4");
}

}  // namespace sandboxlet::network
