#include "agent/pod/expansion.h"

namespace sandboxlet::agent {

namespace {

// What stands after a '$': the text it becomes, and how much of rest it takes.
struct Replacement {
  std::string text;
  size_t taken = 0;
};

Replacement replace(std::string_view rest, const api::StringMap& variables) {
  if (rest.starts_with('$')) return {"$", 1};
  if (!rest.starts_with('(')) return {"$", 0};
  const size_t end = rest.find(')');
  if (end == std::string_view::npos) return {"$(", 1};
  const std::string name(rest.substr(1, end - 1));
  const auto found = variables.find(name);
  return {found == variables.end() ? "$(" + name + ")" : found->second, end + 1};
}

}  // namespace

std::string expand(std::string_view text, const api::StringMap& variables) {
  std::string expanded;
  while (!text.empty()) {
    const size_t dollar = text.find('$');
    expanded.append(text.substr(0, dollar));
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar + 1);
    const Replacement replacement = replace(text, variables);
    expanded += replacement.text;
    text.remove_prefix(replacement.taken);
  }
  return expanded;
}

}  // namespace sandboxlet::agent
