#include "scheduler-shim/match_index.h"

#include <algorithm>

namespace sandboxlet::scheduler {

namespace {

bool selects(const PodSelector& selector, const Labels& labels) {
  return !selector.nothing && matches(selector.labels, labels);
}

}  // namespace

const Labels& MatchIndex::labels_of_namespace(const std::string& name) const {
  static const Labels none;
  const auto known = namespaces_.find(name);
  return known == namespaces_.end() ? none : known->second;
}

bool MatchIndex::is_match(const MatchTerm& term, const PodIdentity& identity) const {
  if (!selects(term.selector, identity.labels)) return false;
  const auto& listed = term.namespaces;
  if (std::find(listed.begin(), listed.end(), identity.namespace_) != listed.end()) return true;
  return selects(term.namespace_selector, labels_of_namespace(identity.namespace_));
}

bool MatchIndex::is_match(const Matcher& matcher, const PodIdentity& identity) const {
  return std::all_of(matcher.terms.begin(), matcher.terms.end(),
                     [&](const MatchTerm& term) { return is_match(term, identity); });
}

void MatchIndex::count(const Group& group, Slot& slot, int32_t sign) {
  for (const auto& [node, count] : group.present) slot.counts.add(node, sign * count);
  if (slot.matcher->skips_deleting) return;
  for (const auto& [node, count] : group.deleting) slot.counts.add(node, sign * count);
}

std::vector<MatcherId> MatchIndex::find_matching(const PodIdentity& identity) const {
  std::vector<MatcherId> all;
  for (MatcherId id = 0; id < slots_.size(); ++id) {
    if (slots_[id].users > 0 && is_match(*slots_[id].matcher, identity)) all.push_back(id);
  }
  return all;
}

MatcherId MatchIndex::acquire(const Matcher& matcher) {
  const auto [entry, made] = by_matcher_.try_emplace(matcher, MatcherId{});
  if (made) {
    if (free_.empty()) {
      free_.push_back(static_cast<MatcherId>(slots_.size()));
      slots_.emplace_back();
    }
    entry->second = free_.back();
    free_.pop_back();
    Slot& slot = slots_[entry->second];
    slot.matcher = &entry->first;
    for (auto& [identity, group] : groups_) {
      if (!is_match(matcher, *identity)) continue;
      group.matched.push_back(entry->second);
      count(group, slot, 1);
    }
  }
  ++slots_[entry->second].users;
  return entry->second;
}

void MatchIndex::release(MatcherId id) {
  Slot& slot = slots_[id];
  if (--slot.users > 0) return;
  for (auto& [identity, group] : groups_) std::erase(group.matched, id);
  by_matcher_.erase(by_matcher_.find(*slot.matcher));
  slot = Slot();
  free_.push_back(id);
}

MatchIndex::Group& MatchIndex::enter(const std::shared_ptr<const PodIdentity>& identity) {
  const auto [entry, made] = groups_.try_emplace(identity.get());
  Group& group = entry->second;
  if (made) {
    group.identity = identity;
    group.matched = find_matching(*identity);
  }
  ++group.sandboxes;
  return group;
}

void MatchIndex::leave(Group& group) {
  if (--group.sandboxes == 0) groups_.erase(group.identity.get());
}

void MatchIndex::add(Group& group, bool deleting, NodeId node, int32_t count) {
  (deleting ? group.deleting : group.present).add(node, count);
  for (const MatcherId id : group.matched) {
    Slot& slot = slots_[id];
    if (!deleting || !slot.matcher->skips_deleting) slot.counts.add(node, count);
  }
}

std::vector<MatcherId> MatchIndex::matching(
    const std::shared_ptr<const PodIdentity>& identity) const {
  const auto known = groups_.find(identity.get());
  return known == groups_.end() ? find_matching(*identity) : known->second.matched;
}

bool MatchIndex::set_namespace(const std::string& name, Labels labels) {
  if (labels_of_namespace(name) == labels) return false;
  if (labels.empty()) {
    namespaces_.erase(name);
  } else {
    namespaces_[name] = std::move(labels);
  }
  for (auto& [identity, group] : groups_) {
    if (identity->namespace_ != name) continue;
    for (const MatcherId id : group.matched) count(group, slots_[id], -1);
    group.matched = find_matching(*identity);
    for (const MatcherId id : group.matched) count(group, slots_[id], 1);
  }
  return true;
}

}  // namespace sandboxlet::scheduler
