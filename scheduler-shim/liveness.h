#pragma once

#include <optional>
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
  // That node is named where it may have no lease: then it has been silent from now on.
  void expect(const std::string& node, TimePoint now);
  // There is no lease of that node any more. Answers true where it was alive.
  bool end(const std::string& node, TimePoint now);
  // Those that were alive and are not any more.
  std::vector<std::string> expire(TimePoint now);
  // Leases could not be seen until now: none has run out before it had its whole time again.
  void forgive(TimePoint now);

  struct Silence {
    // The last that was seen; empty where the lease is gone.
    std::string renew_time;
    TimePoint since{};
  };
  // Of a node that is not alive; nothing where it is, or was never named.
  std::optional<Silence> silence(const std::string& node) const;

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
