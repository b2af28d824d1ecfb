#pragma once

#include <boost/describe.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/meta.h"

namespace sandboxlet::scheduler {

// Labels in one block sorted by key: an eighth of a map's memory, and there are very many of them.
class Labels {
 public:
  Labels() = default;
  explicit Labels(const api::StringMap& labels) : entries_(labels.begin(), labels.end()) {}

  // The label's value; null where there is none.
  const std::string* find(std::string_view key) const;
  bool empty() const { return entries_.empty(); }
  // Sorted by key.
  const std::vector<std::pair<std::string, std::string>>& entries() const { return entries_; }

  bool operator==(const Labels&) const = default;

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
  BOOST_DESCRIBE_CLASS(Labels, (), (), (), (entries_))
};

// One condition on a label (core/v1: NodeSelectorRequirement, LabelSelectorRequirement).
struct Requirement {
  // kNotIn also holds without the label; kGt and kLt compare integers.
  enum class Operator { kIn, kNotIn, kExists, kDoesNotExist, kGt, kLt };

  std::string key;
  Operator operator_ = Operator::kExists;
  std::vector<std::string> values;

  bool operator==(const Requirement&) const = default;
};
BOOST_DESCRIBE_STRUCT(Requirement, (), (key, operator_, values))

// Conditions that must all hold; none selects everything.
using Selector = std::vector<Requirement>;

bool matches(const Requirement& requirement, const Labels& labels);
bool matches(const Selector& selector, const Labels& labels);

}  // namespace sandboxlet::scheduler
