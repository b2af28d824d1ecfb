#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/sandbox/manager.h"
#include "agent/source/events.h"
#include "agent/source/name_queue.h"
#include "agent/source/store.h"

namespace sandboxlet::agent {

enum class ApplyOutcome { kCreated, kConfigured, kUnchanged };

struct Applied {
  ApplyOutcome outcome = ApplyOutcome::kUnchanged;
  api::Sandbox sandbox;
};

enum class ChangeType { kAdded, kModified, kDeleted };
// As it was at one moment.
using SandboxPtr = std::shared_ptr<const api::Sandbox>;

// A Sandbox by name; an empty namespace means "default".
struct Ref {
  std::string namespace_;
  std::string name;
};

// Desired Sandboxes of a node without a cluster: they come over the local socket and are kept in
// the store. What the API server does for objects is done here: uid, generation, resourceVersion,
// deletion, conflicts, watches. Belongs to the core thread.
class LocalSource final : public ManagerObserver {
 public:
  using Listener = std::function<void(ChangeType, const SandboxPtr&)>;
  // Hears how each action went; for metrics.
  using OperationListener = std::function<void(const api::Sandbox&, const OperationRecord&)>;

  LocalSource(Store& store, Clock& clock, EventLog& events, std::string node_name);

  // Hands all that the store holds to the manager, which outlives every other call.
  Result<> start(Manager& manager);
  void set_operation_listener(OperationListener listener) { on_operation_ = std::move(listener); }

  // sandbox is valid and has its defaults. Answers when it is on disk. With keep_suspension it says
  // nothing of suspension, and what holds now is kept.
  Task<Result<Applied>> apply(api::Sandbox sandbox, bool dry_run, bool keep_suspension);
  // Changes what is wanted and answers when it is so, or what stands in the way; the agent goes on
  // trying then. An empty depth keeps spec.suspend.depth.
  Task<Result<api::Sandbox>> suspend(Ref ref, std::string depth);
  // cause: "User", "Exec"; told in status.
  Task<Result<api::Sandbox>> resume(Ref ref, std::string cause);
  // Resumes it where it is suspended, waits where that is under way, and else does nothing.
  Task<Result<>> wake(Ref ref, std::string cause);
  // Answers when it is marked, or with wait, when all that it held is gone.
  Task<Result<>> remove(Ref ref, std::optional<int64_t> grace_seconds, bool wait);

  Result<api::Sandbox> get(const Ref& ref) const;
  // Sorted by namespace and name; an empty namespace means all.
  std::vector<api::Sandbox> list(const std::string& namespace_) const;
  Result<std::shared_ptr<Actor>> actor(const Ref& ref) const;
  // Hears each change until what this returns is destroyed.
  std::shared_ptr<void> listen(Listener listener);

 private:
  using Key = NameQueue::Key;
  // Changes a copy; an error leaves all as it is.
  using Edit = std::function<Result<>(api::Sandbox&)>;

  void status_changed(const api::Sandbox& sandbox) override;
  void event(const api::Sandbox& sandbox, const EventText& text) override;
  void operation(const api::Sandbox& sandbox, const OperationRecord& record) override;
  void finished(const api::Sandbox& sandbox) override;

  Task<Result<Applied>> create(api::Sandbox sandbox, bool dry_run);
  Task<Result<Applied>> configure(api::Sandbox sandbox, bool dry_run, bool keep_suspension);
  // Answers who follows the Sandbox, when the edit is on disk and wanted.
  Task<Result<std::shared_ptr<Actor>>> change(Ref ref, Edit edit, std::string cause);
  Task<Result<>> commit(api::Sandbox sandbox, std::string cause);
  // Answers when it is suspended, or up; or what has stood in the way since then.
  Task<Result<api::Sandbox>> await_state(std::shared_ptr<Actor> target, bool suspended,
                                         TimePoint since);
  Task<void> forget(std::string uid);
  void tell(ChangeType type, const api::Sandbox& sandbox);

  Store& store_;
  Clock& clock_;
  EventLog& events_;
  const std::string node_name_;
  Manager* manager_ = nullptr;
  OperationListener on_operation_;
  std::map<Key, std::string> uids_;
  // A second writer would overtake the first on its way to the disk.
  NameQueue writers_;
  std::shared_ptr<std::map<int, Listener>> listeners_ = std::make_shared<std::map<int, Listener>>();
  int next_listener_ = 0;
};

}  // namespace sandboxlet::agent
