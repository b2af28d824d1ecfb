#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/work_queue.h"
#include "kube/informer.h"
#include "scheduler-shim/controller.h"
#include "scheduler-shim/eviction/guard_pod.h"

namespace sandboxlet::eviction {

struct GuardOptions {
  // Where the Pods are.
  std::string namespace_ = "sandboxlet-system";
  // Empty: there are none, and a drain waits for nobody.
  std::string image = "pause";
};

// The nodes' guard Pods: makes and removes them, follows them, holds their deletion and lets it go
// (guard_pod.h). Belongs to the core thread.
class Guards {
 public:
  struct Listener {
    // Who is on that node now; nothing where that is not known yet.
    std::function<std::optional<Occupancy>(const std::string& node)> occupancy;
    // Of that node, is_drained() may answer otherwise.
    std::function<void(const std::string& node)> changed;
    // All guards are known.
    std::function<void()> synced;
  };

  Guards(const scheduler::ControllerContext& context, GuardOptions options, Listener listener);

  bool has_synced() const { return !informer_ || informer_->has_synced(); }
  // The node's occupancy has changed.
  void tend(const std::string& node);
  // That of all nodes with a guard may have.
  void tend_all();
  // Its guard was deleted, and is held.
  bool is_drained(const std::string& node) const;

 private:
  using Json = nlohmann::json;

  std::optional<Guard> find(const std::string& node) const;
  Task<Result<>> work(std::string node);
  Task<Result<>> create(std::string node);
  Task<Result<>> remove(Guard guard);
  Task<Result<>> release(Guard guard);
  // Asked anew: the Pod's deletion may be seen before the cordon that came before it.
  Task<Result<bool>> is_cordoned(std::string node);
  kube::ObjectRef ref(const std::string& node) const;

  const scheduler::ControllerContext context_;
  const GuardOptions options_;
  const Listener listener_;
  std::map<std::string, Guard> guards_;  // by name
  // Since when a node's guard has nobody to guard.
  std::map<std::string, TimePoint> idle_since_;
  WorkQueue work_;
  std::unique_ptr<kube::Informer> informer_;
};

}  // namespace sandboxlet::eviction
