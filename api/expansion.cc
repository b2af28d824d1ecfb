#include "api/expansion.h"

namespace sandboxlet::api {

namespace {

// What stands after a '$': the text it becomes, and how much of rest it takes.
struct Replacement {
  std::string text;
  size_t taken = 0;
};

Replacement replace(std::string_view rest, const StringMap& variables) {
  if (rest.starts_with('$')) return {"$", 1};
  if (!rest.starts_with('(')) return {"$", 0};
  const size_t end = rest.find(')');
  if (end == std::string_view::npos) return {"$(", 1};
  const std::string name(rest.substr(1, end - 1));
  const auto found = variables.find(name);
  return {found == variables.end() ? "$(" + name + ")" : found->second, end + 1};
}

// Counts what was made.
class Budget {
 public:
  Result<> take(size_t size) {
    taken_ += size;
    if (taken_ <= kMaxExpanded) return {};
    return Error(Code::kInvalidArgument,
                 "expands to more than " + std::to_string(kMaxExpanded) + " bytes");
  }

 private:
  size_t taken_ = 0;
};

Result<std::vector<std::string>> expand_all(const std::vector<std::string>& words,
                                            const StringMap& variables, Budget& budget) {
  std::vector<std::string> expanded;
  for (const auto& word : words) {
    expanded.push_back(expand(word, variables));
    CHECK_OK(budget.take(expanded.back().size()));
  }
  return expanded;
}

}  // namespace

std::string expand(std::string_view text, const StringMap& variables) {
  std::string expanded;
  while (!text.empty() && expanded.size() <= kMaxExpanded) {
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

Result<Expanded> expand(const Container& container) {
  Expanded all;
  Budget budget;
  for (const auto& variable : container.env) {
    std::string value = expand(variable.value, all.env);
    CHECK_OK(budget.take(value.size()));
    all.env[variable.name] = std::move(value);
  }
  TRY(all.command, expand_all(container.command, all.env, budget));
  TRY(all.args, expand_all(container.args, all.env, budget));
  return all;
}

}  // namespace sandboxlet::api
