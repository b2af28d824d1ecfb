#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/sandbox/manager.h"
#include "agent/source/events.h"
#include "agent/source/name_queue.h"

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

// Where this node's desired Sandboxes come from and their status goes to, as the local socket sees
// it: it is asked by name, whichever the source. Belongs to the core thread.
class Source : public ManagerObserver {
 public:
  using Listener = std::function<void(ChangeType, const SandboxPtr&)>;
  // Hear how each action, suspension and resume went; for metrics. May be empty.
  struct Records {
    std::function<void(const api::Sandbox&, const OperationRecord&)> operation;
    std::function<void(const PassageRecord&)> passage;
  };

  Source(Clock& clock, EventLog& events) : clock_(clock), events_(events) {}

  void set_records(Records records) { records_ = std::move(records); }

  // Hands all that is known from before to the manager, which outlives every other call.
  virtual Result<> start(Manager& manager) = 0;

  // sandbox is valid and has its defaults. Answers when it is on disk. With keep_suspension it says
  // nothing of suspension, and what holds now is kept.
  virtual Task<Result<Applied>> apply(api::Sandbox sandbox, bool dry_run, bool keep_suspension) = 0;
  // Answers when it is marked, or with wait, when all that it held is gone.
  virtual Task<Result<>> remove(Ref ref, std::optional<int64_t> grace_seconds, bool wait) = 0;

  // Changes what is wanted and answers when it is so, or what stands in the way; the agent goes on
  // trying then. An empty depth keeps spec.suspend.depth.
  Task<Result<api::Sandbox>> suspend(Ref ref, std::string depth);
  // cause: "User", "Exec"; told in status.
  Task<Result<api::Sandbox>> resume(Ref ref, std::string cause);
  // Resumes it where it is suspended, waits where that is under way, and else does nothing.
  Task<Result<>> wake(Ref ref, std::string cause);

  // Whether who decides beside this node can be asked; and if not, since when what.
  virtual Result<> connection() const { return {}; }

  Result<api::Sandbox> get(const Ref& ref) const;
  // Sorted by namespace and name; an empty namespace means all.
  std::vector<api::Sandbox> list(const std::string& namespace_) const;
  Result<std::shared_ptr<Actor>> actor(const Ref& ref) const;
  // Hears each change until what this returns is destroyed.
  std::shared_ptr<void> listen(Listener listener);

 protected:
  using Key = NameQueue::Key;
  // Changes a copy; an error leaves all as it is.
  using Edit = std::function<Result<>(api::Sandbox&)>;

  // Answers who follows the Sandbox, when the edit is on disk and wanted.
  virtual Task<Result<std::shared_ptr<Actor>>> change(Ref ref, Edit edit, std::string cause) = 0;
  // Answers when whoever decides beside this node has taken the last change, or cannot be asked.
  virtual Task<Result<>> agreed(std::string uid);

  void event(const api::Sandbox& sandbox, const EventText& text) override;
  void operation(const api::Sandbox& sandbox, const OperationRecord& record) override;
  void passage(const api::Sandbox& sandbox, const PassageRecord& record) override;
  void woken(const api::Sandbox& sandbox, const std::string& cause) override;

  Manager& manager() const { return *manager_; }
  // Before anything else.
  void use(Manager& manager) { manager_ = &manager; }
  Clock& clock() const { return clock_; }

  void know(const api::ObjectMeta& meta) { uids_[key_of(meta)] = meta.uid; }
  // One of the same name and another uid stays known.
  void forget_name(const api::ObjectMeta& meta);
  bool knows(const Key& key) const { return uids_.contains(key); }
  void tell(ChangeType type, const api::Sandbox& sandbox);

  static Key key_of(const api::ObjectMeta& meta) { return {meta.namespace_, meta.name}; }
  static Key key_of(const Ref& ref);
  static Error not_found(const std::string& name);
  static Error conflict(const std::string& name, const std::string& why);

 private:
  Task<void> resume_by_itself(api::ObjectMeta meta, std::string cause);
  static Result<> refuse_deleted(const api::Sandbox& sandbox);
  // Answers when it is suspended, or up; or what has stood in the way since then.
  Task<Result<api::Sandbox>> await_state(std::shared_ptr<Actor> target, bool suspended,
                                         TimePoint since);

  Clock& clock_;
  EventLog& events_;
  Manager* manager_ = nullptr;
  Records records_;
  std::map<Key, std::string> uids_;
  std::shared_ptr<std::map<int, Listener>> listeners_ = std::make_shared<std::map<int, Listener>>();
  int next_listener_ = 0;
};

}  // namespace sandboxlet::agent
