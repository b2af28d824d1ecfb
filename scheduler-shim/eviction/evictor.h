#pragma once

#include <map>
#include <set>
#include <string>

#include "base/work_queue.h"
#include "scheduler-shim/controller.h"
#include "scheduler-shim/eviction/cause.h"
#include "scheduler-shim/eviction/guards.h"
#include "scheduler-shim/eviction/mark.h"
#include "scheduler-shim/node_listener.h"

namespace sandboxlet::eviction {

// Makes Sandboxes leave their nodes, for NoExecute taints after what they tolerate, and for
// kubectl drain. None runs on two nodes: one that is to leave is marked (status.eviction), its
// agent ends it and says so (status.evicted), and only then its binding is taken away, over the
// version that says so. All of it is in the Sandbox's status, so it goes on after any restart; how
// long a taint was tolerated begins anew with another leader, as with another
// kube-controller-manager. Belongs to the core thread.
class Evictor final : public scheduler::Controller, public scheduler::NodeListener {
 public:
  Evictor(const scheduler::ControllerContext& context, GuardOptions guards);

  // ---- Controller
  void set(const nlohmann::json& sandbox) override;
  void remove(const std::string& uid) override;
  void synced() override;

  // ---- NodeListener
  void set_node(const std::string& name, const scheduler::NodeInfo* sandbox_node,
                const scheduler::NodeInfo* core) override;
  void nodes_synced() override;

 private:
  using Json = nlohmann::json;

  void forget(const std::string& uid);
  void node_changed(const std::string& name);
  // Something that all of them wait for is known now.
  void look_again();
  std::optional<Occupancy> occupancy(const std::string& node) const;
  std::optional<Cause> cause(const Resident& resident) const;
  Step next_step_of(const Resident& resident) const;
  // Has it worked on now or when its time comes, where there is something to do.
  void consider(const Resident& resident);
  Task<Result<>> work(std::string uid);
  void record(const Resident& resident, Step step, const std::string& why);

  const scheduler::ControllerContext context_;
  std::map<std::string, Resident> residents_;             // by uid
  std::map<std::string, std::set<std::string>> by_node_;  // their uids
  std::map<std::string, EvictingNode> nodes_;
  bool knows_sandboxes_ = false;
  bool knows_nodes_ = false;
  WorkQueue work_;
  Guards guards_;
};

}  // namespace sandboxlet::eviction
