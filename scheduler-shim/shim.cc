#include "scheduler-shim/shim.h"

#include "scheduler-shim/network/publisher.h"
#include "scheduler-shim/node_loss.h"
#include "scheduler-shim/reaper.h"

namespace sandboxlet::scheduler {

Shim::Shim(const ControllerContext& context, const ShimOptions& options) : leases_(context) {
  auto binder = std::make_unique<Binder>(
      BinderContext{context, leases_, options.scheduler, [this] { sandboxes_->restart(); }});
  binder_ = binder.get();
  controllers_.push_back(std::make_unique<NodeLoss>(context, leases_));
  controllers_.push_back(std::make_unique<Reaper>(context));
  controllers_.push_back(std::move(binder));
  controllers_.push_back(std::make_unique<network::Publisher>(context, options.cluster_domain));
  sandboxes_ = follow(context, kube::kSandboxes, "", kube::Informer::Key::kUid, callbacks());
}

kube::Informer::Callbacks Shim::callbacks() {
  kube::Informer::Callbacks callbacks;
  callbacks.set = [this](const nlohmann::json& sandbox) {
    for (const auto& controller : controllers_) controller->set(sandbox);
  };
  callbacks.remove = [this](const std::string& uid) {
    for (const auto& controller : controllers_) controller->remove(uid);
  };
  callbacks.synced = [this] {
    for (const auto& controller : controllers_) controller->synced();
  };
  return callbacks;
}

}  // namespace sandboxlet::scheduler
