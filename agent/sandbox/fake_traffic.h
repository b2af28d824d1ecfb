#pragma once

#include <functional>
#include <set>
#include <string>

#include "agent/sandbox/traffic_watch.h"
#include "base/clock.h"

namespace sandboxlet::agent {

// Traffic without a network, for tests: what comes to a Sandbox waits until it is taken.
class FakeTraffic final : public TrafficWatch {
 public:
  // Of the agent that lives; on its core thread.
  std::function<void(const std::string& uid)> listener;
  // As where its network has no veth.
  bool cannot_follow = false;

  void packet(const std::string& uid) {
    waiting_.insert(uid);
    if (followed_.contains(uid)) listener(uid);
  }
  void take(const std::string& uid) { waiting_.erase(uid); }
  bool is_waiting(const std::string& uid) const { return waiting_.contains(uid); }
  // The agent has died.
  void forget_all() {
    followed_.clear();
    listener = nullptr;
  }

  Task<Result<bool>> follow(std::string uid, pid_t, bool look) override {
    if (cannot_follow) co_return Error(Code::kFailedPrecondition, "it has no veth");
    followed_.insert(uid);
    co_return look&& is_waiting(uid);
  }
  Task<Result<bool>> missed(std::string uid, pid_t) override { co_return is_waiting(uid); }
  void forget(const std::string& uid) override { followed_.erase(uid); }

 private:
  std::set<std::string> followed_;
  std::set<std::string> waiting_;
};

}  // namespace sandboxlet::agent
