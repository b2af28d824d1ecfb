#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/sandbox/traffic_watch.h"
#include "base/clock.h"

namespace sandboxlet::agent {

// TrafficWatch on the node's own network interfaces. Belongs to the core thread.
class Traffic final : public TrafficWatch {
 public:
  // By uid, with the kernel's time of the packet.
  using Listener = std::function<void(const std::string& uid, WallTime at)>;

  // pool: for what blocks for some milliseconds.
  Traffic(asio::io_context& io, asio::any_io_executor pool, Listener listener)
      : io_(io), pool_(std::move(pool)), listener_(std::move(listener)) {}

  Task<Result<bool>> follow(std::string uid, pid_t pid, bool look) override;
  Task<Result<bool>> missed(std::string uid, pid_t pid) override;
  void forget(const std::string& uid) override { watches_.erase(uid); }

 private:
  asio::io_context& io_;
  const asio::any_io_executor pool_;
  const Listener listener_;
  std::map<std::string, std::shared_ptr<void>> watches_;  // by uid
};

}  // namespace sandboxlet::agent
