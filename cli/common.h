#pragma once

#include <string>

#include "api/sandbox.h"
#include "base/clock.h"
#include "cli/commands.h"

namespace sandboxlet::cli {

// What several commands need.

void set_ref(pb::Ref& ref, const Target& target);
api::Sandbox sandbox_of(const std::string& json);
WallTime wall_now();

// A file's text; "-" is standard input.
Result<std::string> read_input(const std::string& file);
// The manifests that path names: itself, or where it is a directory, its *.json, *.yaml and *.yml
// in the order of their names (kubectl: -f).
Result<std::vector<std::string>> manifest_files(const std::string& path);

// "1.2 ms", what a call took since begun.
std::string took_since(std::chrono::steady_clock::time_point begun);

}  // namespace sandboxlet::cli
