#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/rest/work_meter.h"
#include "agent/sandbox/actor.h"
#include "cri/runtime.h"

namespace sandboxlet::agent {

// Where the manager's news go: to the source that the Sandboxes came from.
class ManagerObserver {
 public:
  virtual ~ManagerObserver() = default;
  virtual void status_changed(const api::Sandbox& sandbox) = 0;
  virtual void event(const api::Sandbox& sandbox, const EventText& text) = 0;
  virtual void operation(const api::Sandbox& sandbox, const OperationRecord& record) = 0;
  virtual void passage(const api::Sandbox& sandbox, const PassageRecord& record) = 0;
  // See ActorObserver.
  virtual void woken(const api::Sandbox& sandbox, const std::string& cause) = 0;
  // Everything that the Sandbox held is gone, and the manager has forgotten it.
  virtual void finished(const api::Sandbox& sandbox) = 0;
};

struct ManagerContext {
  asio::io_context& io;
  Clock& clock;
  Executor& executor;
  cri::Runtime& runtime;
  Cgroups& cgroups;
  // For what blocks.
  asio::any_io_executor pool;
  ManagerObserver& observer;
  ExitWatcher watch_exit;
  Depths depths;
  DeepenAfter deepen_after;
  BackoffLimits limits;
  // See PodSandboxContext.
  std::string managed_by;
  Duration relist_period;
  // So many RunPodSandbox; the others wait, first come, first served.
  size_t pods_at_once;
};

// All Sandboxes of this node, one actor each, and the relist that repairs what events missed
// (kubelet: PLEG). Belongs to the core thread; lives as long as the agent.
class Manager final : private ActorObserver {
 public:
  explicit Manager(ManagerContext context);
  ~Manager() override;

  // Makes the Sandbox of that uid so; one that is not known here is looked for first.
  void want(api::Sandbox sandbox, const std::string& cause = "User");
  // The same for one whose uid was made just now.
  void want_new(api::Sandbox sandbox);
  // Forgets it as it is, without ending anything of it.
  void release(const std::string& uid);
  // nullptr where there is none.
  std::shared_ptr<Actor> find(const std::string& uid) const;
  const std::map<std::string, std::shared_ptr<Actor>>& actors() const { return actors_; }

  // Those that would be suspended for want of work, by uid.
  std::vector<WorkSubject> watched_for_work() const;
  // What was found of them since the last look; answers when the first of them would fall asleep.
  std::optional<TimePoint> looked_for_work(const std::vector<WorkSubject>& subjects,
                                           const std::vector<bool>& found, TimePoint at);

  // What this node can do from now on.
  void set_depths(Depths depths);
  // As the node's memory is now; said again and again. Where it is short the Sandbox that is
  // suspended the longest goes one depth further down, and resumes that take memory wait.
  void set_memory_short(bool is_short);

  // Begins to relist, and to clean up what no Sandbox wants. Once, when all Sandboxes that are
  // known from before are wanted.
  void start();
  // Begins nothing more, and stops what takes long. For the end of the agent.
  void retire();
  asio::io_context& io() const { return context_.io; }
  // One relist, as the loop does it; kept apart for tests.
  Task<Result<>> relist();

 private:
  void status_changed(const Actor& actor) override;
  void event(const Actor& actor, const EventText& text) override;
  void operation(const Actor& actor, const OperationRecord& record) override;
  void passage(const Actor& actor, const PassageRecord& record) override;
  void woken(const Actor& actor, const std::string& cause) override;
  void finished(const Actor& actor) override;

  void relist_later(Duration delay);
  Task<void> relist_and_again();
  Task<Result<>> remove_orphans(std::vector<::runtime::v1::PodSandbox> pods);

  const ManagerContext context_;
  Turns pod_turns_;
  ResumeQueue resumes_;
  ActorContext actor_context_;
  std::map<std::string, std::shared_ptr<Actor>> actors_;
  std::unique_ptr<Timer> timer_;
  // Why the last relist failed; empty where it did not.
  std::string relist_trouble_;
};

}  // namespace sandboxlet::agent
