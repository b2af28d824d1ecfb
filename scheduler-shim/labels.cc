#include "scheduler-shim/labels.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace sandboxlet::scheduler {

namespace {

std::optional<int64_t> to_integer(std::string_view text) {
  int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_among(const Requirement& requirement, const std::string& value) {
  return std::find(requirement.values.begin(), requirement.values.end(), value) !=
         requirement.values.end();
}

// As apimachinery's labels.Requirement: without a label or with other than integers nothing holds.
bool compares(const Requirement& requirement, const std::string* value) {
  if (value == nullptr || requirement.values.size() != 1) return false;
  const auto left = to_integer(*value);
  const auto right = to_integer(requirement.values.front());
  if (!left || !right) return false;
  return requirement.operator_ == Requirement::Operator::kGt ? *left > *right : *left < *right;
}

}  // namespace

const std::string* Labels::find(std::string_view key) const {
  const auto found = std::lower_bound(
      entries_.begin(), entries_.end(), key,
      [](const auto& entry, std::string_view wanted) { return entry.first < wanted; });
  return found == entries_.end() || found->first != key ? nullptr : &found->second;
}

bool matches(const Requirement& requirement, const Labels& labels) {
  const std::string* value = labels.find(requirement.key);
  switch (requirement.operator_) {
    case Requirement::Operator::kIn:
      return value != nullptr && is_among(requirement, *value);
    case Requirement::Operator::kNotIn:
      return value == nullptr || !is_among(requirement, *value);
    case Requirement::Operator::kExists:
      return value != nullptr;
    case Requirement::Operator::kDoesNotExist:
      return value == nullptr;
    case Requirement::Operator::kGt:
    case Requirement::Operator::kLt:
      return compares(requirement, value);
  }
  return false;
}

bool matches(const Selector& selector, const Labels& labels) {
  return std::all_of(selector.begin(), selector.end(),
                     [&](const Requirement& one) { return matches(one, labels); });
}

}  // namespace sandboxlet::scheduler
