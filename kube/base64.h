#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sandboxlet::kube {

// RFC 4648 with padding, white space ignored; kInvalidArgument for anything else.
Result<std::string> decode_base64(std::string_view text);
// In one line, with padding.
std::string encode_base64(std::string_view bytes);

}  // namespace sandboxlet::kube
