#include "cli/complete.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

namespace sandboxlet::cli {

namespace {

// Values that no type names.
const char* const kWaitFor[] = {"condition=Ready", "condition=Suspended", "condition=Finished",
                                "delete"};

// CLI11 writes a set's members into its type: "TEXT:{wide,json}".
std::vector<std::string> members(const std::string& type) {
  const size_t open = type.find('{');
  const size_t close = type.find('}', open);
  std::vector<std::string> values;
  if (open == std::string::npos || close == std::string::npos) return values;
  std::istringstream list(type.substr(open + 1, close - open - 1));
  for (std::string value; std::getline(list, value, ',');) values.push_back(value);
  return values;
}

const CLI::App* subcommand(const CLI::App& app, const std::string& name) {
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->get_name() == name) return command;
  }
  return nullptr;
}

// The flag or option of that name, of the subcommand or of all.
const CLI::Option* option(const CLI::App& app, const CLI::App* command, const std::string& name) {
  if (!name.starts_with("-")) return nullptr;
  for (const CLI::App* owner : {command, &app}) {
    if (owner == nullptr) continue;
    for (const CLI::Option* each : owner->get_options()) {
      if (each->check_name(name)) return each;
    }
  }
  return nullptr;
}

bool takes_value(const CLI::Option* option) {
  return option != nullptr && option->get_items_expected_max() > 0;
}

// What was written so far.
struct Line {
  const CLI::App* command = nullptr;
  std::string namespace_ = "default";
  int positionals = 0;
  // The option whose value is being written.
  const CLI::Option* pending = nullptr;
  bool after_dashes = false;
};

Line read(const CLI::App& app, const std::vector<std::string>& words) {
  Line line;
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (line.pending != nullptr) {
      if (line.pending->check_name("--namespace")) line.namespace_ = word;
      line.pending = nullptr;
    } else if (word == "--") {
      line.after_dashes = true;
    } else if (const auto* known = option(app, line.command, word); takes_value(known)) {
      line.pending = known;
    } else if (word.starts_with("-")) {
      continue;
    } else if (line.command == nullptr) {
      line.command = subcommand(app, word);
    } else {
      ++line.positionals;
    }
  }
  return line;
}

std::vector<std::string> flags(const CLI::App& app, const CLI::App* command) {
  std::vector<std::string> names;
  for (const CLI::App* owner : {command, &app}) {
    if (owner == nullptr) continue;
    for (const CLI::Option* each : owner->get_options()) {
      for (const auto& name : each->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

std::vector<std::string> values(const CLI::Option& option) {
  if (option.check_name("--filename") || option.check_name("--socket")) return {kCompleteFiles};
  if (option.check_name("--for")) return {std::begin(kWaitFor), std::end(kWaitFor)};
  return members(option.get_type_name());
}

// Whether the command names Sandboxes, and how many.
std::vector<std::string> positional(const Line& line, const NamesSource& sandboxes) {
  for (const CLI::Option* each : line.command->get_options()) {
    if (!each->get_positional()) continue;
    if (each->get_name(true) != "NAME") return members(each->get_type_name());
    const bool full = line.positionals >= each->get_items_expected_max();
    return full ? std::vector<std::string>() : sandboxes(line.namespace_);
  }
  return {};
}

std::vector<std::string> candidates(const CLI::App& app, const Line& line, const std::string& word,
                                    const NamesSource& sandboxes) {
  if (line.after_dashes) return {};
  if (line.pending != nullptr) return values(*line.pending);
  if (word.starts_with("-")) return flags(app, line.command);
  if (line.command != nullptr) return positional(line, sandboxes);
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

}  // namespace

std::vector<std::string> complete(const CLI::App& app, const std::vector<std::string>& words,
                                  const NamesSource& sandboxes) {
  const std::string word = words.empty() ? "" : words.back();
  std::vector<std::string> found = candidates(app, read(app, words), word, sandboxes);
  std::erase_if(found, [&](const std::string& each) {
    return each != kCompleteFiles && !each.starts_with(word);
  });
  std::sort(found.begin(), found.end());
  return found;
}

std::string bash_completion() {
  return R"(# Completion for sandboxctl in bash: source <(sandboxctl completion bash)
_sandboxctl() {
  local IFS=$'\n' word=${COMP_WORDS[COMP_CWORD]} answers
  answers=($("${COMP_WORDS[0]}" )" +
         std::string(kCompleteCommand) + R"( "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  if [[ ${answers[0]} == )" +
         kCompleteFiles + R"( ]]; then
    compopt -o filenames
    COMPREPLY=($(compgen -f -- "$word"))
  else
    COMPREPLY=("${answers[@]}")
  fi
}
complete -F _sandboxctl sandboxctl
)";
}

}  // namespace sandboxlet::cli
