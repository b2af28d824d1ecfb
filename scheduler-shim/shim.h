#pragma once

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/work_queue.h"
#include "kube/client.h"
#include "kube/event_recorder.h"
#include "kube/heartbeat.h"
#include "kube/informer.h"
#include "scheduler-shim/cache.h"
#include "scheduler-shim/expiry.h"
#include "scheduler-shim/liveness.h"
#include "scheduler-shim/queue.h"
#include "scheduler-shim/read_pod_info.h"
#include "scheduler-shim/schedule.h"
#include "scheduler-shim/unbound_status.h"

namespace sandboxlet::scheduler {

struct ShimContext {
  asio::io_context& io;
  Clock& clock;
  kube::Client& client;
  kube::Http& streams;
  kube::EventRecorder& events;
  SchedulerOptions options;
};

// Binds Sandboxes to nodes: follows what the API server has, decides, and writes the binding into
// status.nodeName, over the version that it decided on. Says of a Sandbox that is on no node why,
// deletes those whose time is over, and lets go of deleted ones that no agent watches. Works from
// its construction on; before, it must lead. Belongs to the core thread.
class Shim {
 public:
  explicit Shim(ShimContext context);

  // Whether all that decisions need is known; and if not, what is not.
  Result<> ready() const;
  size_t bound() const { return bound_; }
  Queue::Sizes waiting() const { return queue_.sizes(); }

 private:
  // Who a Sandbox is, for as long as it is written to.
  struct Subject {
    std::string namespace_;
    std::string name;
    std::string uid;
  };

  // ---- What the API server shows
  std::unique_ptr<kube::Informer> follow(kube::Resource resource, const std::string& namespace_,
                                         kube::Informer::Key key,
                                         kube::Informer::Callbacks callbacks);
  void follow_sandboxes();
  void follow_nodes();
  void follow_leases();
  void follow_namespaces();
  void follow_classes();
  void set_sandbox(const Json& object);
  void set_expiry(const Json& object, const std::string& uid);
  void set_release(const Json& object);
  void set_node(const std::string& name);
  void set_lease(const Json& lease);
  void sweep_leases();
  // What Sandboxes were read with has changed: all of them are read anew.
  void classes_changed();
  void wake(Wakes wakes);

  // ---- Deciding
  void decide_soon();
  void decide_some();
  void place(PodInfo pod);
  Task<void> bind(PodInfo pod, std::string node_name);
  void bound(const PodInfo& pod, const std::string& node_name);
  void not_bound(const PodInfo& pod, const Error& error);

  // ---- Telling
  void record(const PodInfo& pod, const kube::EventNote& note);
  void tell(const PodInfo& pod, Unbound unbound);
  Task<Result<>> write_status(std::string uid);
  void delete_expired();
  Task<Result<>> delete_one(std::string uid);
  Task<Result<>> release_one(std::string uid);

  const ShimContext context_;
  Classes classes_;
  PodReader reader_{classes_};
  Cache cache_;
  Queue queue_;
  Scheduler scheduler_;
  Liveness liveness_;
  Expiry expiry_;
  // Nodes by what each of their two objects says.
  std::map<std::string, NodeInfo> sandbox_nodes_;
  std::map<std::string, NodeInfo> core_nodes_;
  // What is to be said of those that are on no node, until it is said; by uid.
  std::map<std::string, std::pair<Subject, Unbound>> untold_;
  std::map<std::string, Subject> expiring_;
  std::map<std::string, Subject> releasing_;
  size_t binding_ = 0;
  size_t bound_ = 0;
  bool decision_is_due_ = false;
  std::unique_ptr<Timer> next_decision_;
  std::unique_ptr<Timer> next_sweep_;
  std::unique_ptr<Timer> next_expiry_;
  WorkQueue statuses_;
  WorkQueue deletions_;
  WorkQueue releases_;
  std::map<std::string, std::unique_ptr<kube::Informer>> informers_;
};

}  // namespace sandboxlet::scheduler
