#pragma once

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace sandboxlet::scheduler {

// Whether nodes renew their leases: one that did not for so long is taken for dead. Judged by this
// machine's clock alone, since a lease was last seen to change: the times in it are the node's.
// Belongs to one thread.
class Liveness {
 public:
  explicit Liveness(Duration lasts) : lasts_(lasts) {}

  // A lease as the watch shows it. Answers true where the node was not known to be alive.
  bool note(const std::string& node, const std::string& renew_time, TimePoint now);
  void remove(const std::string& node) { leases_.erase(node); }
  // Those that were alive and are not any more.
  std::vector<std::string> expire(TimePoint now);

 private:
  struct Lease {
    std::string renew_time;
    TimePoint changed_at{};
    bool alive = false;
  };

  const Duration lasts_;
  std::unordered_map<std::string, Lease> leases_;
};

}  // namespace sandboxlet::scheduler
