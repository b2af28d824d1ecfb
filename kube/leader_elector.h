#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "kube/client.h"
#include "kube/http.h"

namespace sandboxlet::kube {

struct ElectionOptions {
  std::string namespace_;
  // The lease's.
  std::string name;
  // How long the lease lasts, in whole seconds.
  Duration duration = std::chrono::seconds(15);
  // Another for each candidate, also for two in one place one after the other.
  std::string identity;
  // Once, when it leads.
  std::function<void()> on_elected;
  // Once, when it leads no more though it was not asked to let go: it could not renew.
  std::function<void()> on_lost;
};

// Stands for election until it leads, and renews then (client-go: tools/leaderelection). A
// candidate also watches the lease: one that is let go of is taken at once. Belongs to the core
// thread; destroying it stops all of that, and lets the lease run out.
class LeaderElector {
 public:
  LeaderElector(asio::io_context& io, Clock& clock, Client& client, Http& streams,
                ElectionOptions options);
  ~LeaderElector();
  LeaderElector(const LeaderElector&) = delete;
  LeaderElector& operator=(const LeaderElector&) = delete;

  bool leads() const;
  // Stands no more, and lets go of the lease where it is held: the next one need not wait.
  Task<void> release();

 private:
  class Loop;
  const std::shared_ptr<Loop> loop_;
};

}  // namespace sandboxlet::kube
