#include "scheduler-shim/expiry.h"

namespace sandboxlet::scheduler {

void Expiry::set(const std::string& uid, WallTime at) {
  remove(uid);
  times_[uid] = at;
  order_.emplace(at, uid);
}

void Expiry::remove(const std::string& uid) {
  const auto found = times_.find(uid);
  if (found == times_.end()) return;
  order_.erase({found->second, uid});
  times_.erase(found);
}

WallTime Expiry::next() const { return order_.empty() ? WallTime::max() : order_.begin()->first; }

std::vector<std::string> Expiry::take_due(WallTime now) {
  std::vector<std::string> due;
  while (!order_.empty() && order_.begin()->first <= now) {
    due.push_back(order_.begin()->second);
    times_.erase(due.back());
    order_.erase(order_.begin());
  }
  return due;
}

}  // namespace sandboxlet::scheduler
