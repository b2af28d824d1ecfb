#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>

namespace sandboxlet::agent {

// One caller at a time for each name; callers at different names do not wait for each other.
class NameLocks {
 public:
  // Held until it is destroyed.
  class Lock {
   public:
    Lock(NameLocks& locks, std::string name);
    ~Lock();
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    NameLocks& locks_;
    const std::string name_;
  };

 private:
  std::mutex mutex_;
  std::condition_variable released_;
  std::set<std::string> held_;
};

}  // namespace sandboxlet::agent
