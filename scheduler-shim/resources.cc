#include "scheduler-shim/resources.h"

#include <algorithm>

namespace sandboxlet::scheduler {

namespace {

template <class Entries>
auto lower_bound(Entries& entries, std::string_view name) {
  return std::lower_bound(
      entries.begin(), entries.end(), name,
      [](const auto& entry, std::string_view key) { return entry.first < key; });
}

template <class Combine>
void combine(Resources& into, const Resources& other, const Combine& each) {
  each(into.milli_cpu, other.milli_cpu);
  each(into.memory, other.memory);
  each(into.ephemeral_storage, other.ephemeral_storage);
  each(into.pods, other.pods);
  for (const auto& [name, amount] : other.extended) each(into.extended_slot(name), amount);
}

}  // namespace

void Resources::add(const Resources& other) {
  combine(*this, other, [](int64_t& to, int64_t amount) { to += amount; });
}

void Resources::subtract(const Resources& other) {
  combine(*this, other, [](int64_t& from, int64_t amount) { from -= amount; });
  // So that what was added and taken away again leaves nothing behind.
  if (other.extended.empty()) return;
  std::erase_if(extended, [](const auto& entry) { return entry.second == 0; });
}

void Resources::raise_to(const Resources& other) {
  combine(*this, other, [](int64_t& to, int64_t amount) { to = std::max(to, amount); });
}

int64_t Resources::extended_amount(std::string_view name) const {
  const auto found = lower_bound(extended, name);
  return found == extended.end() || found->first != name ? 0 : found->second;
}

int64_t& Resources::extended_slot(std::string_view name) {
  auto found = lower_bound(extended, name);
  if (found == extended.end() || found->first != name) {
    found = extended.emplace(found, std::string(name), 0);
  }
  return found->second;
}

}  // namespace sandboxlet::scheduler
