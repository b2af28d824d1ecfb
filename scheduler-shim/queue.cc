#include "scheduler-shim/queue.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace sandboxlet::scheduler {

namespace {

// Upstream's podMaxInUnschedulablePodsDuration: for events that nobody thought of.
constexpr std::chrono::minutes kLongestWait{5};

// Whether a decision on one says nothing about the other.
bool is_other_to_place(const PodInfo& left, const PodInfo& right) {
  return *left.spec != *right.spec || *left.identity != *right.identity ||
         left.priority != right.priority || left.state_node != right.state_node;
}

}  // namespace

Queue::Turn Queue::turn_of(const Entry& entry) {
  return {-int64_t{entry.pod.priority}, entry.pod.created, entry.sequence};
}

void Queue::take_out(const Entry& entry) {
  switch (entry.state) {
    case State::kActive:
      active_.erase(turn_of(entry));
      break;
    case State::kBackingOff:
      backing_off_.erase({entry.backoff.next_try(), entry.sequence});
      break;
    case State::kWaiting:
      waiting_.erase({entry.waits_since + kLongestWait, entry.sequence});
      break;
    case State::kInFlight:
      break;
  }
}

void Queue::put(Entry& entry, State state) {
  entry.state = state;
  switch (state) {
    case State::kActive:
      active_.insert(turn_of(entry));
      break;
    case State::kBackingOff:
      backing_off_.insert({entry.backoff.next_try(), entry.sequence});
      break;
    case State::kWaiting:
      waiting_.insert({entry.waits_since + kLongestWait, entry.sequence});
      break;
    case State::kInFlight:
      break;
  }
}

void Queue::try_again(Entry& entry, TimePoint now) {
  put(entry, entry.backoff.ready(now) ? State::kActive : State::kBackingOff);
}

void Queue::set(PodInfo pod, TimePoint now) {
  if (!pod.needs_node()) return remove(pod.uid);
  const auto [known, made] = entries_.try_emplace(pod.uid);
  Entry& entry = known->second;
  if (made) {
    entry.sequence = next_sequence_++;
    by_sequence_[entry.sequence] = &entry;
    entry.pod = std::move(pod);
    return put(entry, State::kActive);
  }
  const bool other = is_other_to_place(entry.pod, pod);
  take_out(entry);
  entry.pod = std::move(pod);
  if (entry.state == State::kInFlight) {
    entry.changed = entry.changed || other;
  } else if (other && entry.state == State::kWaiting) {
    try_again(entry, now);
  } else {
    put(entry, entry.state);
  }
}

void Queue::remove(const std::string& uid) {
  const auto known = entries_.find(uid);
  if (known == entries_.end()) return;
  take_out(known->second);
  by_sequence_.erase(known->second.sequence);
  entries_.erase(known);
}

const PodInfo* Queue::find(const std::string& uid) const {
  const auto known = entries_.find(uid);
  const bool is_here = known != entries_.end() && known->second.state != State::kInFlight;
  return is_here ? &known->second.pod : nullptr;
}

void Queue::move_due(TimePoint now) {
  while (!backing_off_.empty() && backing_off_.begin()->at <= now) {
    Entry& entry = *by_sequence_.at(backing_off_.begin()->sequence);
    take_out(entry);
    put(entry, State::kActive);
  }
  while (!waiting_.empty() && waiting_.begin()->at <= now) {
    Entry& entry = *by_sequence_.at(waiting_.begin()->sequence);
    take_out(entry);
    try_again(entry, now);
  }
}

std::optional<PodInfo> Queue::pop(TimePoint now) {
  move_due(now);
  if (active_.empty()) return std::nullopt;
  Entry& entry = *by_sequence_.at(active_.begin()->sequence);
  take_out(entry);
  put(entry, State::kInFlight);
  entry.popped_at = wakes_;
  entry.changed = false;
  return entry.pod;
}

void Queue::unschedulable(const std::string& uid, Wakes wakes, TimePoint now) {
  const auto known = entries_.find(uid);
  if (known == entries_.end() || known->second.state != State::kInFlight) return;
  Entry& entry = known->second;
  entry.backoff.fail(now);
  entry.wakes = wakes;
  entry.waits_since = now;
  const bool helped = entry.changed || has_happened(wakes, entry.popped_at);
  put(entry, helped ? State::kBackingOff : State::kWaiting);
}

void Queue::wait(const std::string& uid, TimePoint now) {
  const auto known = entries_.find(uid);
  if (known == entries_.end() || known->second.state != State::kInFlight) return;
  Entry& entry = known->second;
  entry.wakes = kNothing;
  entry.waits_since = now;
  put(entry, State::kWaiting);
}

void Queue::retry(const std::string& uid, TimePoint now) {
  const auto known = entries_.find(uid);
  if (known == entries_.end() || known->second.state != State::kWaiting) return;
  take_out(known->second);
  try_again(known->second, now);
}

void Queue::failed(const std::string& uid, TimePoint now) {
  const auto known = entries_.find(uid);
  if (known == entries_.end() || known->second.state != State::kInFlight) return;
  known->second.backoff.fail(now);
  put(known->second, State::kBackingOff);
}

void Queue::wake(Wakes wakes, TimePoint now) {
  if (wakes == kNothing) return;
  ++wakes_;
  for (size_t bit = 0; bit < last_wake_.size(); ++bit) {
    if ((wakes >> bit & 1) != 0) last_wake_[bit] = wakes_;
  }
  std::vector<Entry*> helped;
  for (const Due& due : waiting_) {
    Entry* entry = by_sequence_.at(due.sequence);
    if ((entry->wakes & wakes) != 0) helped.push_back(entry);
  }
  for (Entry* entry : helped) {
    take_out(*entry);
    try_again(*entry, now);
  }
}

bool Queue::has_happened(Wakes wakes, uint64_t since) const {
  for (size_t bit = 0; bit < last_wake_.size(); ++bit) {
    if ((wakes >> bit & 1) != 0 && last_wake_[bit] > since) return true;
  }
  return false;
}

TimePoint Queue::next() const {
  if (!active_.empty()) return TimePoint::min();
  TimePoint next = TimePoint::max();
  if (!backing_off_.empty()) next = std::min(next, backing_off_.begin()->at);
  if (!waiting_.empty()) next = std::min(next, waiting_.begin()->at);
  return next;
}

Queue::Sizes Queue::sizes() const {
  const size_t at_rest = active_.size() + backing_off_.size() + waiting_.size();
  return {active_.size(), backing_off_.size(), waiting_.size(), entries_.size() - at_rest};
}

}  // namespace sandboxlet::scheduler
