#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace sandboxlet {

// Runs a program, found in PATH, to its end and answers what it printed, without the last newline.
// An exit code other than 0 is an error with what it said on stderr. Blocks; any thread.
Result<std::string> run_command(const std::vector<std::string>& arguments);

}  // namespace sandboxlet
