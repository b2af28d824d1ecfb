#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace sandboxlet::scheduler {

// When Sandboxes are to be deleted: those whose shutdownPolicy says so, at their shutdownTime. By
// the wall clock, as users wrote it. Belongs to one thread.
class Expiry {
 public:
  void set(const std::string& uid, WallTime at);
  void remove(const std::string& uid);
  // WallTime::max() where none is.
  WallTime next() const;
  // Takes out those whose time has come.
  std::vector<std::string> take_due(WallTime now);

 private:
  std::map<std::string, WallTime> times_;
  std::set<std::pair<WallTime, std::string>> order_;
};

}  // namespace sandboxlet::scheduler
