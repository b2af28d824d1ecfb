#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/source/api_entry.h"
#include "agent/source/fence.h"
#include "agent/source/source.h"
#include "agent/source/store.h"
#include "base/signal.h"
#include "base/work_queue.h"
#include "kube/client.h"
#include "kube/reflector.h"

namespace sandboxlet::agent {

struct ApiSourceContext {
  asio::io_context& io;
  Clock& clock;
  EventLog& events;
  Store& store;
  kube::Client& client;
  // Watches go over a connection of their own.
  kube::Http& streams;
  std::string node_name;
  // When this node's lease was last renewed, before this life of the agent. How long it lasts.
  TimePoint lease_renewed;
  Duration lease_lasts;
  // Told of what is to be known when the agent is dead, when it changes. May be empty.
  std::function<void(FenceRecord)> fences_changed;
};

// Desired Sandboxes of a node in a cluster: those that are bound to it (status.nodeName). The
// store keeps what was last wanted, so that a restarted agent brings them back while the API server
// is away. What is seen of a Sandbox goes back to its status, one write at a time and the newest
// state alone; a finalizer keeps the object until nothing of it is left here. Suspend and Resume on
// the local socket act at once and are written through; what the API server refuses is taken back.
// Those that may be bound to another node, since this one's lease could not be renewed for too
// long, are fenced: they go on when a write over the version that was seen has shown that they are
// bound here still. Belongs to the core thread.
class ApiSource final : public Source, private kube::ReflectorHandler {
 public:
  explicit ApiSource(ApiSourceContext context);

  Result<> start(Manager& manager) override;
  // Both are refused: they are the API server's.
  Task<Result<Applied>> apply(api::Sandbox sandbox, bool dry_run, bool keep_suspension) override;
  Task<Result<>> remove(Ref ref, std::optional<int64_t> grace_seconds, bool wait) override;

  Result<> connection() const override;

  // The lease has been renewed by a request that was sent at that time, and that is written down:
  // what goes on by it is nothing that the watchdog would kill.
  void lease_renewed(TimePoint asked_at);

 private:
  using Json = nlohmann::json;

  // ---- From the manager
  void status_changed(const api::Sandbox& sandbox) override;
  void finished(const api::Sandbox& sandbox) override;

  // ---- From the reflector
  void sync_begun() override;
  void seen(Json object) override;
  void gone(Json object) override;
  void synced() override;
  void connected(bool is, const std::string& why) override;

  // ---- From the local socket
  Task<Result<std::shared_ptr<Actor>>> change(Ref ref, Edit edit, std::string cause) override;
  Task<Result<>> agreed(std::string uid) override;
  static Error is_elsewhere(const std::string& name);

  Task<void> tell_once_known(std::shared_ptr<Actor> actor);
  // An object as the server has it now, from a watch or in answer to a write.
  void take(Json object);
  bool is_known(const Json& object);
  void want(ApiEntry& entry, api::Sandbox sandbox);
  void wish_status(ApiEntry& entry, const api::SandboxStatus& status);
  void refuse(ApiEntry& entry, const ApiObject& object);
  // It may be gone, bound to another node, or there all the same: asks.
  Task<Result<>> look_for(std::string uid);
  // The object is gone, and what is left of it here is to go.
  void put_down(ApiEntry& entry);
  // Another node has it: its processes end here, and its volumes are kept.
  void leave(ApiEntry& entry);
  Task<void> see_off(std::shared_ptr<Actor> actor);
  // Its own copy: the entry that it may come from goes here.
  void drop(std::string uid);

  // ---- While this node is cut off
  void set_fence(const api::Sandbox& sandbox);
  void fence_due();
  // Sees to it that it is called then, at the latest.
  void fence_due_at(TimePoint when);
  void fences_changed();
  // What was written says that it is bound here.
  void confirmed(ApiEntry& entry, const std::string& at);

  // Writes what an object needs, until it needs nothing.
  Task<Result<>> write(std::string uid);
  Task<Result<Json>> send(api::ObjectMeta meta, ApiWrite write);
  void take_back(ApiEntry& entry, const Error& refusal);
  Task<void> save(api::Sandbox sandbox, Json pending);
  Task<void> erase(std::string uid);

  const ApiSourceContext context_;
  std::map<std::string, ApiEntry> entries_;  // by uid
  // Why a suspension that was asked for here is not to be, by uid, until who asked has heard it.
  std::map<std::string, Error> refusals_;
  std::string trouble_ = "the API server has not answered yet";
  // When the next status may be told that can wait.
  TimePoint next_on_the_way_{};
  Fence fence_;
  std::unique_ptr<Timer> next_fence_;
  TimePoint next_fence_at_ = TimePoint::max();
  // Changes asked for on the local socket, to one Sandbox at a time.
  NameQueue writers_;
  // The API server has answered to a change, or is away.
  Signal settled_;
  WorkQueue writes_;
  WorkQueue looks_;
  std::unique_ptr<kube::Reflector> reflector_;
};

}  // namespace sandboxlet::agent
