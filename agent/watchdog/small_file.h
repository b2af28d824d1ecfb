#pragma once

#include <string>

#include "base/result.h"

namespace sandboxlet::agent {

// Puts text in place of what the file holds, from one moment to the next; on a full disk over it,
// where it is as long. Not synced. Blocks.
Result<> replace_file(const std::string& path, const std::string& text);

}  // namespace sandboxlet::agent
