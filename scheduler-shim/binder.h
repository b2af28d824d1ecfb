#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/work_queue.h"
#include "scheduler-shim/binding.h"
#include "scheduler-shim/cache.h"
#include "scheduler-shim/claim_users.h"
#include "scheduler-shim/controller.h"
#include "scheduler-shim/node_leases.h"
#include "scheduler-shim/node_listener.h"
#include "scheduler-shim/queue.h"
#include "scheduler-shim/read_pod_info.h"
#include "scheduler-shim/sandbox_ref.h"
#include "scheduler-shim/schedule.h"
#include "scheduler-shim/storage/volume_watch.h"
#include "scheduler-shim/unbound_status.h"

namespace sandboxlet::scheduler {

struct BinderContext : ControllerContext {
  NodeLeases& leases;
  storage::VolumeWatch& volumes;
  NodeListener& nodes;
  SchedulerOptions options;
  // Has all Sandboxes told anew, soon, and then synced().
  std::function<void()> tell_again;
};

// Binds Sandboxes to nodes: decides, and writes the binding into status.nodeName, over the version
// that it decided on. Says of a Sandbox that is on no node why.
class Binder final : public Controller {
 public:
  explicit Binder(BinderContext context);
  void set(const Json& sandbox) override;
  void remove(const std::string& uid) override;
  void synced() override;

  // Whether all that decisions need is known; and if not, what is not.
  Result<> ready() const;
  size_t bound() const { return bound_; }
  Queue::Sizes waiting() const { return queue_.sizes(); }
  // The volume that is to be bound to a claim of a Sandbox on that node; empty where none is free.
  std::string keep_volume(const std::string& claim, const std::string& node) {
    return cache_.keep_volume(claim, node);
  }
  // The node that a Sandbox is going to be bound to once its planned claims are there, and that
  // counts it from now on; empty where that is not known.
  std::string plan(const std::string& uid);
  // Its claims are not coming.
  void give_up_plan(const std::string& uid);
  // Whether there is a SandboxNode of that name.
  bool knows_node(const std::string& node) const { return sandbox_nodes_.contains(node); }

 private:
  // ---- What the API server shows
  void watch(kube::Resource resource, const std::string& namespace_,
             kube::Informer::Callbacks callbacks);
  void follow_nodes();
  bool knows_nodes() const;
  void follow_namespaces();
  void follow_classes();
  void set_node(const std::string& name);
  void set_claims(const PodInfo& pod);
  void volumes_changed(const std::string& claim, Wakes wakes);
  // Bindings that never showed.
  void sweep();
  // What Sandboxes were read with has changed: all of them are read anew.
  void classes_changed();
  void wake(Wakes wakes);

  // ---- Deciding
  void decide_soon();
  void decide_some();
  void place(PodInfo pod);
  // Whether its claims, which it was planned with, are coming still.
  bool waits_for_plan(const PodInfo& pod) const;
  Task<void> bind(PodInfo pod, std::string node_name);
  // Whether a Pod has a claim of it that one alone may have.
  Task<Result<bool>> has_rival_pod(std::string namespace_, std::vector<std::string> claims);
  void refused(const PodInfo& pod, const char* reason);
  void bound(const PodInfo& pod, const std::string& node_name);
  void not_bound(const PodInfo& pod, const Error& error);

  // ---- Telling
  void record(const PodInfo& pod, const kube::EventNote& note);
  void tell(const PodInfo& pod, Unbound unbound);
  // Of one that is on no node.
  void tell_what_is_out_of_date(const PodInfo& pod, const Json& object);
  Task<Result<>> write_status(std::string uid);

  const BinderContext context_;
  Classes classes_;
  PodReader reader_{classes_};
  Cache cache_;
  // Of the Sandboxes that need a node.
  ClaimUsers claim_users_;
  Queue queue_;
  Scheduler scheduler_;
  // Nodes by what each of their two objects says.
  std::map<std::string, NodeInfo> sandbox_nodes_;
  std::map<std::string, NodeInfo> core_nodes_;
  // Nodes by the Sandboxes that are assumed there before their claims have come.
  std::unordered_map<std::string, std::string> plans_;
  // What is to be said of those that are on no node, until it is said; by uid.
  std::map<std::string, std::pair<SandboxRef, Unbound>> untold_;
  // What is said of those that are on no node, which their binding adds to; by uid.
  std::unordered_map<std::string, Said> said_;
  size_t binding_ = 0;
  size_t bound_ = 0;
  bool decision_is_due_ = false;
  std::unique_ptr<Timer> next_decision_;
  std::unique_ptr<Timer> next_sweep_;
  WorkQueue statuses_;
  bool knows_sandboxes_ = false;
  Informers informers_;
};

}  // namespace sandboxlet::scheduler
