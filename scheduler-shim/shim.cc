#include "scheduler-shim/shim.h"

#include "scheduler-shim/eviction/evictor.h"
#include "scheduler-shim/network/publisher.h"
#include "scheduler-shim/node_loss.h"
#include "scheduler-shim/reaper.h"
#include "scheduler-shim/storage/claims.h"

namespace sandboxlet::scheduler {

Shim::Shim(const ControllerContext& context, const ShimOptions& options)
    : leases_(context), volumes_(context) {
  auto evictor = std::make_unique<eviction::Evictor>(context, options.guards);
  auto binder = std::make_unique<Binder>(BinderContext{
      context, leases_, volumes_, *evictor, options.scheduler, [this] { sandboxes_->restart(); }});
  binder_ = binder.get();
  controllers_.push_back(std::move(evictor));
  storage::Claims::Scheduling scheduling;
  scheduling.keep_volume = [this](const std::string& claim, const std::string& node) {
    return binder_->keep_volume(claim, node);
  };
  scheduling.plan = [this](const std::string& sandbox) { return binder_->plan(sandbox); };
  scheduling.give_up_plan = [this](const std::string& sandbox) { binder_->give_up_plan(sandbox); };
  scheduling.knows_node = [this](const std::string& node) { return binder_->knows_node(node); };
  controllers_.push_back(std::make_unique<NodeLoss>(context, leases_));
  controllers_.push_back(std::make_unique<Reaper>(context));
  controllers_.push_back(std::move(binder));
  // After the binder, which they ask where a Sandbox is going to be.
  controllers_.push_back(
      std::make_unique<storage::Claims>(context, volumes_, std::move(scheduling)));
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
