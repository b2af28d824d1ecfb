#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "base/backoff.h"
#include "base/clock.h"
#include "scheduler-shim/pod_info.h"
#include "scheduler-shim/wake.h"

namespace sandboxlet::scheduler {

// The Sandboxes that need a node (upstream: the scheduling queue). Each is in one of four states:
//   active       to be decided, by priority and then by age
//   backing off  failed a moment ago: 1 s after the first failure, doubled up to 10 s
//   waiting      no node would do; until something that may help, or five minutes
//   in flight    popped; until told what became of it
// Time is passed in. Belongs to one thread.
class Queue {
 public:
  // A Sandbox as the watch shows it, new or changed. One that needs no node leaves the queue; one
  // that is as it was but for its status stays where it is.
  void set(PodInfo pod, TimePoint now);
  void remove(const std::string& uid);

  // nullptr where it is not here, or in flight.
  const PodInfo* find(const std::string& uid) const;

  // The next one to be decided, then in flight; nothing where none is active.
  std::optional<PodInfo> pop(TimePoint now);
  // Of one in flight: it was bound.
  void done(const std::string& uid) { remove(uid); }
  // Of one in flight: no node will do until one of these has happened. What happened since it was
  // popped counts: the decision may not have seen it.
  void unschedulable(const std::string& uid, Wakes wakes, TimePoint now);
  // Of one in flight: it is too early to decide. It waits to be tried again (retry), and nothing
  // went wrong.
  void wait(const std::string& uid, TimePoint now);
  // Something happened that may help that one, if it waits.
  void retry(const std::string& uid, TimePoint now);
  // Of one in flight: something went wrong that had to do with no node, such as its binding.
  void failed(const std::string& uid, TimePoint now);

  // Something happened that may help those that wait for it.
  void wake(Wakes wakes, TimePoint now);
  // When pop has something, if nothing happens: at once (min) where one is active, never (max)
  // where the queue is empty.
  TimePoint next() const;

  struct Sizes {
    size_t active = 0;
    size_t backing_off = 0;
    size_t waiting = 0;
    size_t in_flight = 0;
  };
  Sizes sizes() const;

 private:
  enum class State { kActive, kBackingOff, kWaiting, kInFlight };

  struct Entry {
    PodInfo pod;
    uint64_t sequence = 0;
    State state = State::kActive;
    Backoff backoff{std::chrono::seconds(1), std::chrono::seconds(10)};
    // What it waits for.
    Wakes wakes = kNothing;
    // How many wakes there had been when it was popped.
    uint64_t popped_at = 0;
    // It was changed while in flight: what is decided may not be about what it is now.
    bool changed = false;
    TimePoint waits_since{};
  };

  // Who is first is less. Sequence numbers are one Sandbox's own.
  struct Turn {
    int64_t minus_priority = 0;
    WallTime created{};
    uint64_t sequence = 0;
    auto operator<=>(const Turn&) const = default;
  };
  struct Due {
    TimePoint at{};
    uint64_t sequence = 0;
    auto operator<=>(const Due&) const = default;
  };

  static Turn turn_of(const Entry& entry);
  // Takes an entry out of the set that its state means, or puts it there.
  void take_out(const Entry& entry);
  void put(Entry& entry, State state);
  // True where one of these has happened since then.
  bool has_happened(Wakes wakes, uint64_t since) const;
  // Active, or first until its back-off is over.
  void try_again(Entry& entry, TimePoint now);
  // Makes active what time alone has made ready.
  void move_due(TimePoint now);

  std::unordered_map<std::string, Entry> entries_;
  std::unordered_map<uint64_t, Entry*> by_sequence_;
  uint64_t next_sequence_ = 0;
  std::set<Turn> active_;
  std::set<Due> backing_off_;
  // By when their five minutes are over.
  std::set<Due> waiting_;
  // How many wakes there were, and at which of them each bit was set last.
  uint64_t wakes_ = 0;
  std::array<uint64_t, kWakeBits> last_wake_{};
};

}  // namespace sandboxlet::scheduler
