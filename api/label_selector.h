#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/meta.h"
#include "base/result.h"

namespace sandboxlet::api {

// One condition on a label (apimachinery: labels.Requirement). kNotIn also holds without the label.
struct LabelRequirement {
  enum class Operator { kExists, kDoesNotExist, kIn, kNotIn };

  std::string key;
  Operator operator_ = Operator::kExists;
  std::set<std::string> values;
  bool operator==(const LabelRequirement&) const = default;
};

// Conditions that must all hold; none selects everything.
struct LabelSelector {
  std::vector<LabelRequirement> requirements;
  bool operator==(const LabelSelector&) const = default;
};

// Reads what kubectl takes after -l: "a=b", "a==b", "a!=b", "a in (b,c)", "a notin (b,c)", "a",
// "!a", joined by commas.
Result<LabelSelector> parse_label_selector(std::string_view text);

bool matches(const LabelSelector& selector, const StringMap& labels);

}  // namespace sandboxlet::api
