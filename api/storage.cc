#include "api/storage.h"

#include <fmt/format.h>

namespace sandboxlet::api {

namespace {

constexpr size_t kLongestLabelValue = 63;

// FNV-1a, 64 bits.
uint64_t hash_of(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char c : text) hash = (hash ^ c) * 0x100000001b3;
  return hash;
}

}  // namespace

std::string node_label_value(std::string_view node) {
  if (node.size() <= kLongestLabelValue) return std::string(node);
  return fmt::format("hash-{:016x}", hash_of(node));
}

}  // namespace sandboxlet::api
