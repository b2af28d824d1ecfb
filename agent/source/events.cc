#include "agent/source/events.h"

#include <algorithm>

namespace sandboxlet::agent {

void EventLog::add(const api::ObjectMeta& sandbox, const EventText& text) {
  EventRecord record{sandbox.namespace_, sandbox.name, sandbox.uid, text, 1,
                     clock_.wall(),      clock_.wall()};
  const auto same = std::find_if(records_.begin(), records_.end(), [&](const EventRecord& other) {
    return other.uid == sandbox.uid && other.text == text;
  });
  if (same != records_.end()) {
    record.count = same->count + 1;
    record.first = same->first;
    records_.erase(same);
  }
  records_.push_back(record);
  if (records_.size() > kKept) records_.pop_front();
  // A listener may end itself or others.
  const auto listeners = *listeners_;
  for (const auto& [id, listener] : listeners) {
    if (listeners_->contains(id)) listener(record);
  }
}

std::shared_ptr<void> EventLog::listen(Listener listener) {
  const int id = next_listener_++;
  listeners_->emplace(id, std::move(listener));
  return std::shared_ptr<void>(nullptr,
                               [listeners = listeners_, id](void*) { listeners->erase(id); });
}

}  // namespace sandboxlet::agent
