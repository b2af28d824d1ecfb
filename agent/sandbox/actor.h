#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "agent/sandbox/event.h"
#include "agent/sandbox/executor.h"
#include "agent/sandbox/obstacle.h"
#include "agent/sandbox/plan.h"
#include "agent/suspend/start_gate.h"
#include "base/clock.h"
#include "base/turns.h"

namespace sandboxlet::agent {

class Actor;

// How one action went, for metrics and logs.
struct OperationRecord {
  std::string kind;
  Duration took{};
  const Error* error = nullptr;
};

// Where an actor's news go. Called on the core thread, from the actor's own turn.
class ActorObserver {
 public:
  virtual ~ActorObserver() = default;
  virtual void status_changed(const Actor& actor) = 0;
  virtual void event(const Actor& actor, const EventText& text) = 0;
  virtual void operation(const Actor& actor, const OperationRecord& record) = 0;
  // Everything it held is gone.
  virtual void finished(const Actor& actor) = 0;
};

// Tells when a process has ended, once; what it returns ends the watch when it is destroyed.
using ExitWatcher =
    std::function<Result<std::shared_ptr<void>>(pid_t pid, std::function<void()> on_exit)>;

// What all actors share; outlives them.
struct ActorContext {
  asio::io_context& io;
  Clock& clock;
  Executor& executor;
  // For RunPodSandbox.
  Turns& pod_turns;
  ActorObserver& observer;
  ExitWatcher watch_exit;
  Depths depths;
  BackoffLimits limits;
};

// One Sandbox on this node: holds what is wanted against what is there until they agree. Owned by
// the manager, on the core thread. It wakes on a new desired object, a finished action, an exit or
// a timer; its actions keep it alive until they have ended.
class Actor : public std::enable_shared_from_this<Actor> {
 public:
  Actor(const ActorContext& context, api::Sandbox desired);
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  // What is wanted from now on; cause is told where this is a resume ("User", "Exec").
  void want(api::Sandbox desired, std::string cause = "User");
  // Where it may be bound to another node it must not run, until that is taken back with nullopt;
  // what cannot be frozen is killed at kill_at.
  void fence(std::optional<TimePoint> kill_at);
  bool is_fenced() const { return fence_.has_value(); }
  // Something was missed: look before anything else is done.
  void look();
  // It was never seen before and nothing can be there: a look would only cost time.
  void begin_from_nothing();
  // Decides no more; what is under way ends by itself.
  void retire();

  // With the status as it is now.
  const api::Sandbox& sandbox() const { return *sandbox_; }
  const Observed& observed() const { return observed_; }
  // What starts processes in the Sandbox from outside passes here.
  StartGate& gate() { return gate_; }
  // A resume was asked for and is not done.
  bool is_resuming() const { return resume_begun_.has_value(); }
  std::optional<Error> obstacle(TimePoint since) const {
    return agent::obstacle(*sandbox_, memory_, since);
  }
  bool is_idle() const { return memory_.under_way.empty() && !turn_is_due_; }

  // Answers when the Sandbox is as the predicate wants it; false when the actor was retired first.
  using Predicate = std::function<bool(const Actor&)>;
  Task<bool> until(Predicate predicate);

 private:
  struct Waiter {
    Predicate predicate;
    std::function<void(bool)> resume;
  };

  void wake();
  void take_turn();
  // False while it waits for its turn to start a pod.
  bool may_start_pod();
  void start(Action action);
  Task<void> perform(std::shared_ptr<Actor> self, Job job);
  void end(const Action& action, Result<Outcome> result, TimePoint begun);
  void tell_exits(const Observed& before);
  void follow_freezer(const Action& action);
  void publish();
  void note_resume(const api::SandboxStatus& status);
  void watch_exits();
  void ended(const std::string& container_id);
  void settle_waiters();
  Situation situation() const;

  const ActorContext& context_;
  // Replaced, never changed: jobs hold on to the one that they were decided with.
  std::shared_ptr<const api::Sandbox> sandbox_;
  Observed observed_;
  Memory memory_;
  StartGate gate_;
  std::unique_ptr<Timer> timer_;
  std::optional<TimePoint> fence_;
  // While it wants to start a pod, and until that has ended.
  std::unique_ptr<Turns::Turn> pod_turn_;
  std::map<std::string, std::shared_ptr<void>> exit_watches_;  // by container id
  std::list<Waiter> waiters_;
  bool turn_is_due_ = false;
  bool retired_ = false;
  std::optional<TimePoint> resume_begun_;
  std::string resume_cause_;
};

}  // namespace sandboxlet::agent
