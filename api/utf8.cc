#include "api/utf8.h"

#include <cstddef>
#include <cstdint>

namespace sandboxlet::api {

namespace {

// How many bytes follow the first; -1 for a byte that begins nothing.
int following(uint8_t first) {
  if (first < 0x80) return 0;
  if (first >= 0xC2 && first <= 0xDF) return 1;
  if (first >= 0xE0 && first <= 0xEF) return 2;
  if (first >= 0xF0 && first <= 0xF4) return 3;
  return -1;
}

// The second byte's range depends on the first: overlong forms, surrogates, beyond U+10FFFF.
bool may_follow(uint8_t first, uint8_t second) {
  if (first == 0xE0) return second >= 0xA0;
  if (first == 0xED) return second <= 0x9F;
  if (first == 0xF0) return second >= 0x90;
  if (first == 0xF4) return second <= 0x8F;
  return true;
}

}  // namespace

bool is_utf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const auto first = static_cast<uint8_t>(text[i++]);
    const int count = following(first);
    if (count < 0) return false;
    for (int j = 0; j < count; ++j, ++i) {
      const auto next = i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0};
      if ((next & 0xC0) != 0x80) return false;
      if (j == 0 && !may_follow(first, next)) return false;
    }
  }
  return true;
}

}  // namespace sandboxlet::api
