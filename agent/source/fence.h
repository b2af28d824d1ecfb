#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/watchdog/fence_record.h"
#include "base/clock.h"

namespace sandboxlet::agent {

// Until when this node's Sandboxes may run while it cannot renew its lease: after a time, each by
// its own tolerations, they are bound to another node (api/node_loss.h). Counted from when the last
// renewal was asked for, which is before the API server had it. Belongs to the core thread.
class Fence {
 public:
  // Before it may be bound elsewhere: when one is frozen, and when what could not be is killed.
  static constexpr Duration kFreezes = std::chrono::seconds(10);
  static constexpr Duration kKills = std::chrono::seconds(5);

  struct Due {
    std::string uid;
    TimePoint kill_at{};
  };

  Fence(Duration lease_lasts, TimePoint renewed) : lease_lasts_(lease_lasts), renewed_(renewed) {}

  // moved_after counts from the lease's end; without it the Sandbox is never bound elsewhere.
  // Whether that is new.
  bool set(const std::string& uid, std::optional<Duration> moved_after);
  void remove(const std::string& uid) { sandboxes_.erase(uid); }

  void renewed(TimePoint asked_at);
  // Those whose time has come; each once, until it is released.
  std::vector<Due> take_due(TimePoint now);
  // When that one's time comes, and when the next one's; TimePoint::max() where it does not, or
  // has come.
  TimePoint next(const std::string& uid) const;
  TimePoint next() const;

  // For whoever has to know it when the agent is dead.
  FenceRecord record() const;

  // Those that were taken.
  std::vector<std::string> fenced() const;
  // It is certain that it is bound here still. False where its time has come once more.
  bool release(const std::string& uid, TimePoint now);

 private:
  struct Entry {
    std::optional<Duration> moved_after;
    bool is_fenced = false;
  };

  TimePoint due_at(const Entry& entry) const;

  const Duration lease_lasts_;
  TimePoint renewed_;
  std::map<std::string, Entry> sandboxes_;
};

}  // namespace sandboxlet::agent
