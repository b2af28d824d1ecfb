#include "api/label_selector.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/field.h"
#include "api/names.h"

namespace sandboxlet::api {

namespace {

using Operator = LabelRequirement::Operator;

constexpr std::string_view kSpace = " \t\r\n";
constexpr std::string_view kSymbols = "=!(),<>";
constexpr std::string_view kDelimiters = " \t\r\n=!(),<>";

// Cuts a selector into symbols and words; an empty token is its end.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) { next(); }

  std::string_view peek() const { return token_; }
  bool at_end() const { return token_.empty(); }
  bool at_word() const { return !at_end() && kSymbols.find(token_[0]) == kSymbols.npos; }

  std::string_view take() {
    const std::string_view token = token_;
    next();
    return token;
  }

  bool take_if(std::string_view token) {
    if (token_ != token) return false;
    next();
    return true;
  }

 private:
  void next() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(kSpace), rest_.size()));
    size_t length = std::min(rest_.find_first_of(kDelimiters), rest_.size());
    if (length == 0 && !rest_.empty()) {
      length = rest_.starts_with("==") || rest_.starts_with("!=") ? 2 : 1;
    }
    token_ = rest_.substr(0, length);
    rest_.remove_prefix(length);
  }

  std::string_view rest_;
  std::string_view token_;
};

Error unexpected(const Tokens& tokens, std::string_view expected) {
  return Error(Code::kInvalidArgument,
               fmt::format("unable to parse requirement: found '{}', expected: {}", tokens.peek(),
                           expected));
}

Result<> check(std::string_view text, const Faults& faults) {
  if (faults.empty()) return {};
  return Error(Code::kInvalidArgument, fmt::format("unable to parse requirement: Invalid value: "
                                                   "{}: {}",
                                                   quote(text), faults.front()));
}

// A value may be empty: "a=" and "a=,b" ask for the empty one.
Result<std::string> take_value(Tokens& tokens) {
  if (tokens.at_end() || tokens.peek() == ",") return std::string();
  if (!tokens.at_word()) return unexpected(tokens, "identifier");
  return std::string(tokens.take());
}

// "(b,c)"; between two commas, or a comma and a bracket, is an empty value.
Result<std::set<std::string>> take_values(Tokens& tokens) {
  if (!tokens.take_if("(")) return unexpected(tokens, "'('");
  std::set<std::string> values;
  for (;;) {
    values.emplace(tokens.at_word() ? tokens.take() : std::string_view());
    if (tokens.take_if(")")) return values;
    if (!tokens.take_if(",")) return unexpected(tokens, "',' or ')'");
  }
}

Result<LabelRequirement> take_requirement(Tokens& tokens) {
  LabelRequirement requirement;
  const bool negated = tokens.take_if("!");
  if (!tokens.at_word()) return unexpected(tokens, "identifier");
  requirement.key = tokens.take();
  CHECK_OK(check(requirement.key, label_key(requirement.key)));
  if (negated) requirement.operator_ = Operator::kDoesNotExist;
  if (negated || tokens.at_end() || tokens.peek() == ",") return requirement;
  const std::string_view sign = tokens.take();
  if (sign == "in" || sign == "notin") {
    requirement.operator_ = sign == "in" ? Operator::kIn : Operator::kNotIn;
    TRY(requirement.values, take_values(tokens));
  } else if (sign == "=" || sign == "==" || sign == "!=") {
    requirement.operator_ = sign == "!=" ? Operator::kNotIn : Operator::kIn;
    TRY(const std::string value, take_value(tokens));
    requirement.values.insert(value);
  } else {
    return Error(Code::kInvalidArgument,
                 fmt::format("unable to parse requirement: found '{}', expected: in, notin, =, ==, "
                             "!=",
                             sign));
  }
  for (const std::string& value : requirement.values) CHECK_OK(check(value, label_value(value)));
  return requirement;
}

bool holds(const LabelRequirement& requirement, const StringMap& labels) {
  const auto found = labels.find(requirement.key);
  const bool exists = found != labels.end();
  switch (requirement.operator_) {
    case Operator::kExists:
      return exists;
    case Operator::kDoesNotExist:
      return !exists;
    case Operator::kIn:
      return exists && requirement.values.contains(found->second);
    case Operator::kNotIn:
      return !exists || !requirement.values.contains(found->second);
  }
  return false;
}

}  // namespace

Result<LabelSelector> parse_label_selector(std::string_view text) {
  LabelSelector selector;
  Tokens tokens(text);
  while (!tokens.at_end()) {
    TRY(LabelRequirement requirement, take_requirement(tokens));
    selector.requirements.push_back(std::move(requirement));
    if (tokens.at_end()) break;
    if (!tokens.take_if(",")) return unexpected(tokens, "',' or 'end of string'");
    if (tokens.at_end()) return unexpected(tokens, "identifier after ','");
  }
  return selector;
}

bool matches(const LabelSelector& selector, const StringMap& labels) {
  return std::all_of(selector.requirements.begin(), selector.requirements.end(),
                     [&](const LabelRequirement& one) { return holds(one, labels); });
}

}  // namespace sandboxlet::api
