#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "kube/client.h"

namespace sandboxlet::kube {

// Where SandboxNodes' leases are.
inline constexpr char kNodeLeaseNamespace[] = "sandboxlet-node-lease";

struct HeartbeatOptions {
  std::string namespace_;
  // The lease's, and its holder's.
  std::string name;
  // The object it belongs to and goes with; none where the uid is empty.
  nlohmann::json owner;
  // Told of each renewal that was answered: when it was asked for. May be empty.
  std::function<void(TimePoint asked_at)> on_renewed;
};

// Renews a Lease as a kubelet renews its node's (component-helpers: lease/controller.go): it lasts
// 40 s, is renewed each 10 s give or take 4 %, and made where it is not there. Belongs to the core
// thread; destroying it renews no more.
class Heartbeat {
 public:
  static constexpr Duration kLasts = std::chrono::seconds(40);
  static constexpr Duration kPeriod = std::chrono::seconds(10);

  Heartbeat(asio::io_context& io, Clock& clock, Client& client, HeartbeatOptions options);
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

 private:
  class Loop;
  const std::shared_ptr<Loop> loop_;
};

}  // namespace sandboxlet::kube
