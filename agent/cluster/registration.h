#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

#include "agent/cluster/node_object.h"
#include "base/clock.h"
#include "base/task.h"
#include "kube/client.h"

namespace sandboxlet::agent {

// Keeps this node's SandboxNode and Lease up: the object is made where it is not there and written
// when what it says has changed, looked at each ten seconds, as the kubelet does
// (nodeStatusUpdateFrequency). Belongs to the core thread; destroying it writes no more.
class Registration {
 public:
  using Observe = std::function<Task<NodeFacts>()>;
  // When a renewal of the lease was asked for that was answered.
  using Renewed = std::function<void(TimePoint asked_at)>;

  // observe tells what the node is now.
  Registration(asio::io_context& io, Clock& clock, kube::Client& client, Observe observe,
               Renewed renewed);
  ~Registration();
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

 private:
  class Loop;
  const std::shared_ptr<Loop> loop_;
};

}  // namespace sandboxlet::agent
