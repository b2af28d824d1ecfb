#include "agent/volume/name_locks.h"

#include <utility>

namespace sandboxlet::agent {

NameLocks::Lock::Lock(NameLocks& locks, std::string name) : locks_(locks), name_(std::move(name)) {
  std::unique_lock lock(locks_.mutex_);
  locks_.released_.wait(lock, [this] { return locks_.held_.insert(name_).second; });
}

NameLocks::Lock::~Lock() {
  const std::lock_guard lock(locks_.mutex_);
  locks_.held_.erase(name_);
  locks_.released_.notify_all();
}

}  // namespace sandboxlet::agent
