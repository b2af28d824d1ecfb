#pragma once

#include <optional>
#include <set>

#include "base/work_queue.h"
#include "scheduler-shim/controller.h"
#include "scheduler-shim/node_leases.h"
#include "scheduler-shim/sandbox_ref.h"

namespace sandboxlet::scheduler {

// What becomes of Sandboxes whose node does not answer: they say so, and those that may are bound
// to another after the time that they tolerate (api/node_loss.h), or let go where they are deleted
// and their node is gone for good. No Sandbox runs twice: a binding is only taken away where the
// lease, asked for once more, was not renewed, and over the version of the Sandbox that was read
// before; its agent has fenced it by then, and goes on only after a write of its own to the Sandbox
// (agent/source/fence.h).
class NodeLoss final : public Controller {
 public:
  NodeLoss(const ControllerContext& context, NodeLeases& leases);
  void set(const nlohmann::json& sandbox) override;
  void remove(const std::string& uid) override;

 private:
  struct Bound {
    SandboxRef ref;
    std::string node;
    bool is_deleted = false;
    bool wants_suspension = false;
    bool takes_traffic = false;
    // After the lease's end; nothing: it waits for its node.
    std::optional<Duration> moved_after;
    // Not to be moved before.
    TimePoint not_before{};
  };

  void forget(const std::string& uid);
  void sweep();
  // Whether it is to be taken from its node now.
  bool is_due(const Bound& bound) const;
  Task<Result<>> tell(std::string uid);
  Task<Result<>> move(std::string uid);
  void record(const Bound& bound);
  // Whether nothing was heard of that node since, asked for anew.
  Task<Result<bool>> is_silent_still(std::string node, std::string renew_time);
  // Whether it is not among the cluster's nodes any more.
  Task<Result<bool>> is_gone_for_good(std::string node);

  const ControllerContext context_;
  NodeLeases& leases_;
  std::map<std::string, Bound> sandboxes_;                // by uid
  std::map<std::string, std::set<std::string>> by_node_;  // their uids
  std::unique_ptr<Timer> next_sweep_;
  WorkQueue words_;
  WorkQueue moves_;
};

}  // namespace sandboxlet::scheduler
