#pragma once

#include <functional>
#include <optional>
#include <string>

#include "scheduler-shim/controller.h"
#include "scheduler-shim/liveness.h"

namespace sandboxlet::scheduler {

// Follows the nodes' leases: which nodes answer. Belongs to the core thread.
class NodeLeases {
 public:
  using Listener = std::function<void(const std::string& node, bool alive)>;

  explicit NodeLeases(const ControllerContext& context);

  // Told from then on of each node that answers, or does not any more; and when all are known.
  void listen(Listener listener, std::function<void()> synced) {
    listener_ = std::move(listener);
    synced_ = std::move(synced);
  }
  // That node is named where it may have no lease.
  void expect(const std::string& node) { liveness_.expect(node, context_.clock.now()); }
  Result<> ready() const;
  // How long that node has been silent beyond what its lease lasts; nothing where it is not, or
  // where that cannot be seen now.
  std::optional<Duration> lost_for(const std::string& node) const;
  const Liveness& liveness() const { return liveness_; }

 private:
  void set(const nlohmann::json& lease);
  void remove(const std::string& node);
  void sweep();

  const ControllerContext context_;
  Liveness liveness_;
  bool sees_ = false;
  Listener listener_;
  std::function<void()> synced_;
  std::unique_ptr<Timer> next_sweep_;
  std::unique_ptr<kube::Informer> informer_;
};

}  // namespace sandboxlet::scheduler
