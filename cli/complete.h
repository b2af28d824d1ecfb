#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <string>
#include <vector>

namespace sandboxlet::cli {

// What may stand in the place of the last word, which is being written, after those before it: one
// candidate each, all that begin with it. kCompleteFiles alone stands for the shell's own files.
// Subcommands, flags and their values come from app, so that they are never behind it.
using NamesSource = std::function<std::vector<std::string>(const std::string& namespace_)>;
std::vector<std::string> complete(const CLI::App& app, const std::vector<std::string>& words,
                                  const NamesSource& sandboxes);

inline constexpr char kCompleteFiles[] = ":files";
// Asks for completions: "sandboxctl __complete WORD...", for the script below.
inline constexpr char kCompleteCommand[] = "__complete";

// What bash reads: source <(sandboxctl completion bash)
std::string bash_completion();

}  // namespace sandboxlet::cli
