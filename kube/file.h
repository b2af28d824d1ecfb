#pragma once

#include <string>

#include "base/result.h"

namespace sandboxlet::kube {

// All of a small file. Blocks; errors name it.
Result<std::string> read_file(const std::string& path);

}  // namespace sandboxlet::kube
