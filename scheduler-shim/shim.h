#pragma once

#include <memory>
#include <string>
#include <vector>

#include "scheduler-shim/binder.h"
#include "scheduler-shim/controller.h"
#include "scheduler-shim/eviction/guards.h"

namespace sandboxlet::scheduler {

struct ShimOptions {
  SchedulerOptions scheduler;
  // What the cluster's names end with.
  std::string cluster_domain = "cluster.local";
  eviction::GuardOptions guards;
};

// All that is cluster-wide of Sandboxes: follows them, and tells each controller. Works from its
// construction on; before, it must lead. Belongs to the core thread.
class Shim {
 public:
  Shim(const ControllerContext& context, const ShimOptions& options);

  // Whether all that decisions need is known; and if not, what is not.
  Result<> ready() const { return binder_->ready(); }
  const Binder& binder() const { return *binder_; }

 private:
  kube::Informer::Callbacks callbacks();

  NodeLeases leases_;
  storage::VolumeWatch volumes_;
  std::vector<std::unique_ptr<Controller>> controllers_;
  // One of them.
  Binder* binder_;
  // Goes first: it tells the others.
  std::unique_ptr<kube::Informer> sandboxes_;
};

}  // namespace sandboxlet::scheduler
