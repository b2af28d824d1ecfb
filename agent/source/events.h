#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/sandbox/event.h"
#include "api/meta.h"
#include "base/clock.h"

namespace sandboxlet::agent {

// One Event; the same one that comes again is counted (kubelet: events_cache.go).
struct EventRecord {
  std::string namespace_;
  std::string name;
  std::string uid;
  EventText text;
  int32_t count = 1;
  WallTime first{};
  WallTime last{};
};

// The last Events of this node, in memory. Belongs to the core thread.
class EventLog {
 public:
  using Listener = std::function<void(const EventRecord&)>;

  explicit EventLog(Clock& clock) : clock_(clock) {}

  // Of the Sandbox that the metadata names.
  void add(const api::ObjectMeta& sandbox, const EventText& text);
  // The oldest first.
  const std::deque<EventRecord>& records() const { return records_; }
  // Hears each new or repeated one, until what this returns is destroyed.
  std::shared_ptr<void> listen(Listener listener);

 private:
  static constexpr size_t kKept = 1000;

  Clock& clock_;
  std::deque<EventRecord> records_;
  std::shared_ptr<std::map<int, Listener>> listeners_ = std::make_shared<std::map<int, Listener>>();
  int next_listener_ = 0;
};

}  // namespace sandboxlet::agent
