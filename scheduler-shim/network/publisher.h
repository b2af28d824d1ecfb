#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "base/work_queue.h"
#include "scheduler-shim/controller.h"
#include "scheduler-shim/network/next_write.h"
#include "scheduler-shim/network/route_table.h"

namespace sandboxlet::network {

// Makes Sandboxes reachable, and says by which way: their Services, the EndpointSlices of these,
// and what status tells of both and of the routes that lead there. Each Sandbox has one writer at a
// time, which asks next_write() what comes next until nothing does. Begins to write when all that
// there is has been told. Belongs to the core thread.
class Publisher final : public scheduler::Controller {
 public:
  // cluster_domain: "cluster.local".
  Publisher(const scheduler::ControllerContext& context, std::string cluster_domain);
  void set(const Json& sandbox) override;
  void remove(const std::string& uid) override;
  void synced() override;

 private:
  struct Kept {
    Reach reach;
    // Until then it may be bound at any moment, where it is not.
    TimePoint is_bound_by;
  };
  using SetOwned = std::string (OwnedIndex::*)(const Json& object);

  // ---- What the API server shows
  void follow(kube::Resource resource, const std::string& selector, SetOwned set);
  bool knows_all() const;
  void begin();
  void take(Reach reach);
  // An owned object of it was seen, or has gone.
  void owned_changed(const std::string& sandbox_uid);

  // ---- Writing
  Task<Result<>> publish(std::string uid);
  // Of one that owns something and is not kept.
  Task<Result<>> look_up(std::string uid);
  Task<Result<>> write_all(std::string uid, std::shared_ptr<Refusals> refusals);
  Task<Result<>> perform(std::string uid, Write write, std::shared_ptr<Refusals> refusals);
  Task<Result<>> create(std::string uid, Write write, std::shared_ptr<Refusals> refusals);
  Task<Result<>> adopt(std::string uid, kube::ObjectRef ref, std::shared_ptr<Refusals> refusals);
  Task<Result<>> patch(Write write, std::shared_ptr<Refusals> refusals);
  Task<Result<>> remove_owned(Write write);
  Task<Result<>> write_status(std::string uid, Write write);
  bool is_being_bound(const Kept& kept) const;
  Situation situation(const Kept& kept, const Refusals& refusals) const;
  void set_owned(const kube::Resource& resource, const Json& object);
  // Tells an Event of what was not refused before.
  void note(const std::string& uid, const Refusals& refusals);

  const scheduler::ControllerContext context_;
  const std::string cluster_domain_;
  // By uid: those that are reached, or own something.
  std::unordered_map<std::string, Kept> reaches_;
  OwnedIndex owned_;
  // What each pass before has met, of the few that met something.
  std::unordered_map<std::string, Refusals> refused_;
  bool knows_sandboxes_ = false;
  WorkQueue writes_;
  RouteTable routes_;
  scheduler::Informers informers_;
};

}  // namespace sandboxlet::network
