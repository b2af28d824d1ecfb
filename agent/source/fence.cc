#include "agent/source/fence.h"

#include <algorithm>
#include <utility>

namespace sandboxlet::agent {

bool Fence::set(const std::string& uid, std::optional<Duration> moved_after) {
  const auto [found, is_new] = sandboxes_.try_emplace(uid);
  const auto before = std::exchange(found->second.moved_after, moved_after);
  return is_new || before != moved_after;
}

FenceRecord Fence::record() const {
  FenceRecord record{lease_lasts_, {}};
  for (const auto& [uid, entry] : sandboxes_) {
    auto& after = record.elsewhere_after[uid];
    if (entry.moved_after) after = lease_lasts_ + *entry.moved_after;
  }
  return record;
}

void Fence::renewed(TimePoint asked_at) { renewed_ = std::max(renewed_, asked_at); }

TimePoint Fence::due_at(const Entry& entry) const {
  if (!entry.moved_after) return TimePoint::max();
  return renewed_ + lease_lasts_ + *entry.moved_after - kFreezes;
}

std::vector<Fence::Due> Fence::take_due(TimePoint now) {
  std::vector<Due> due;
  for (auto& [uid, entry] : sandboxes_) {
    const TimePoint at = due_at(entry);
    if (entry.is_fenced || now < at) continue;
    entry.is_fenced = true;
    due.push_back({uid, at + kFreezes - kKills});
  }
  return due;
}

TimePoint Fence::next(const std::string& uid) const {
  const auto found = sandboxes_.find(uid);
  if (found == sandboxes_.end() || found->second.is_fenced) return TimePoint::max();
  return due_at(found->second);
}

TimePoint Fence::next() const {
  TimePoint next = TimePoint::max();
  for (const auto& [uid, entry] : sandboxes_) {
    if (!entry.is_fenced) next = std::min(next, due_at(entry));
  }
  return next;
}

std::vector<std::string> Fence::fenced() const {
  std::vector<std::string> uids;
  for (const auto& [uid, entry] : sandboxes_) {
    if (entry.is_fenced) uids.push_back(uid);
  }
  return uids;
}

bool Fence::release(const std::string& uid, TimePoint now) {
  const auto found = sandboxes_.find(uid);
  if (found == sandboxes_.end() || now >= due_at(found->second)) return false;
  found->second.is_fenced = false;
  return true;
}

}  // namespace sandboxlet::agent
