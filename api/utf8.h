#pragma once

#include <string_view>

namespace sandboxlet::api {

// True for text that is UTF-8 to the letter: no overlong sequence, no surrogate.
bool is_utf8(std::string_view text);

}  // namespace sandboxlet::api
