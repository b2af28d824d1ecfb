#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "agent/sandbox/event.h"
#include "agent/sandbox/executor.h"
#include "agent/sandbox/obstacle.h"
#include "agent/sandbox/plan.h"
#include "agent/sandbox/rest.h"
#include "agent/sandbox/resume_queue.h"
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
  // By a hibernation, in bytes.
  uint64_t given_back = 0;
};

// One suspension or resume that is done, for metrics.
struct PassageRecord {
  bool is_resume = false;
  // That it is suspended to, or has come back from.
  std::string depth;
  // A suspension's reason, a resume's cause: "User", "Idle", "Traffic", ...
  std::string cause;
  // Since it was to be so.
  Duration took{};
  // Of a resume: it had no work, and no word of the user's had suspended it.
  bool was_asleep = false;
};

// Where an actor's news go. Called on the core thread, from the actor's own turn.
class ActorObserver {
 public:
  virtual ~ActorObserver() = default;
  virtual void status_changed(const Actor& actor) = 0;
  virtual void event(const Actor& actor, const EventText& text) = 0;
  virtual void operation(const Actor& actor, const OperationRecord& record) = 0;
  virtual void passage(const Actor& actor, const PassageRecord& record) = 0;
  // What the user has suspended is to be resumed, as they have it; cause: "Traffic".
  virtual void woken(const Actor& actor, const std::string& cause) = 0;
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
  // For resumes that take memory.
  ResumeQueue& resumes;
  ActorObserver& observer;
  ExitWatcher watch_exit;
  Depths depths;
  DeepenAfter deepen_after;
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
  // The process by which work of it is to be looked for, 0 where it is not.
  pid_t watched_process() const { return watched_ ? watched_->process : 0; }
  // What was found since the last look; answers when it would fall asleep, if it is watched still.
  std::optional<TimePoint> looked_for_work(bool found, TimePoint at);
  // Since it last had work; nothing where that is not looked for.
  std::optional<Duration> idle_time() const;
  // While it lives there is work.
  std::shared_ptr<void> hold_awake();
  // Resumes it where it is suspended for want of work; ago: since this has its cause.
  void wake_up(const std::string& cause, Duration ago = {});
  // Where memory is short it goes one depth further down; since when it is suspended. Nothing where
  // it is on its way, runs, or may go no deeper.
  std::optional<api::Time> may_be_pressed() const;
  void press();
  // A packet that counts came to it at that time.
  void traffic(WallTime at);

  // Something was missed: look before anything else is done.
  void look();
  // What it is judged by has changed.
  void reconsider() { wake(); }
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
    return agent::obstacle(*sandbox_, memory_, since, context_.clock.now());
  }
  // Or as deep as this node can make it.
  bool is_as_deep_as_asked() const { return is_as_deep_as_asked(sandbox_->status); }
  // The user's word or idleness has it suspended.
  bool wants_rest() const { return agent::wants_rest(sandbox_->spec, memory_.rest); }
  bool is_idle() const { return memory_.under_way.empty() && !turn_is_due_; }

  // Answers when the Sandbox is as the predicate wants it; false when the actor was retired first.
  using Predicate = std::function<bool(const Actor&)>;
  Task<bool> until(Predicate predicate);

 private:
  struct Waiter {
    Predicate predicate;
    std::function<void(bool)> resume;
  };

  bool is_as_deep_as_asked(const api::SandboxStatus& status) const;
  void wake();
  void take_turn();
  void note_watched();
  void fall_asleep_when_idle();
  void ask_to_be_resumed(Duration ago);
  void begin_resume(std::string cause, Duration ago);
  // False while it waits for its turn to start a pod, or to take memory.
  bool may_start(const Action& action);
  bool may_start_pod();
  bool may_take_memory();
  void note_waiting(Plan& next);
  void start(Action action);
  Task<void> perform(std::shared_ptr<Actor> self, Job job);
  void end(const Action& action, Result<Outcome> result, TimePoint begun);
  void tell_exits(const Observed& before);
  void follow_freezer(const Action& action);
  void publish();
  void note_suspension(const api::SandboxStatus& status);
  void note_resume(const api::SandboxStatus& status);
  void note_ready(const api::SandboxStatus& status);
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
  // As its last turn has left it, for what is asked each second; nothing where it is not watched.
  struct Watched {
    pid_t process = 0;
    Duration timeout{};
  };
  std::optional<Watched> watched_;
  // Of the hibernation that is under way.
  std::shared_ptr<ReclaimStop> reclaim_stop_;
  std::optional<TimePoint> fence_;
  // While it wants to start a pod, and until that has ended.
  std::unique_ptr<Turns::Turn> pod_turn_;
  // From when a resume wants memory until it is done.
  std::unique_ptr<ResumeQueue::Place> resume_place_;
  std::map<std::string, std::shared_ptr<void>> exit_watches_;  // by container id
  std::list<Waiter> waiters_;
  bool turn_is_due_ = false;
  bool retired_ = false;
  // Since when it is to be suspended and is not yet.
  std::optional<TimePoint> suspension_begun_;
  // The same of a resume, with its cause and the depth that it comes from.
  std::optional<TimePoint> resume_begun_;
  std::string resumed_from_;
  bool was_asleep_ = false;
  std::optional<TimePoint> asked_to_be_resumed_;
  // For which it asked.
  TimePoint packet_{};
  std::string resume_cause_;
};

}  // namespace sandboxlet::agent
