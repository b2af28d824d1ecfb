#include "agent/sandbox/actor.h"

#include <boost/asio/post.hpp>
#include <set>

#include "agent/sandbox/status.h"
#include "api/conditions.h"

namespace sandboxlet::agent {

namespace {

// Where an action failed in the middle, only a look tells how far it came.
bool leaves_doubt(const Action& action) { return !std::holds_alternative<EnsureImage>(action); }

// What others tell is as they have it now: of a binding, since when.
api::SandboxStatus with_word_of_others(api::SandboxStatus ours, api::SandboxStatus theirs) {
  ours.service = std::move(theirs.service);
  ours.eviction = std::move(theirs.eviction);
  const auto* const bound = api::find_condition(theirs.conditions, "Scheduled");
  for (auto& condition : ours.conditions) {
    if (bound != nullptr && condition.type == bound->type) condition = *bound;
  }
  return ours;
}

}  // namespace

Actor::Actor(const ActorContext& context, api::Sandbox desired)
    : context_(context),
      sandbox_(std::make_shared<api::Sandbox>(std::move(desired))),
      memory_(memory_of(sandbox_->status)) {}

void Actor::want(api::Sandbox desired, std::string cause) {
  const bool was_suspended = wants_suspension(sandbox_->spec);
  const bool is_suspended = wants_suspension(desired.spec);
  if (was_suspended && !is_suspended) {
    resume_begun_ = context_.clock.now();
    resume_cause_ = std::move(cause);
  }
  if (is_suspended) resume_begun_.reset();
  desired.status = with_word_of_others(sandbox_->status, std::move(desired.status));
  sandbox_ = std::make_shared<api::Sandbox>(std::move(desired));
  wake();
}

void Actor::fence(std::optional<TimePoint> kill_at) {
  fence_ = kill_at;
  wake();
}

void Actor::look() {
  observed_.known = false;
  wake();
}

void Actor::begin_from_nothing() {
  observed_.known = true;
  wake();
}

void Actor::retire() {
  retired_ = true;
  timer_.reset();
  pod_turn_.reset();
  exit_watches_.clear();
  settle_waiters();
}

void Actor::wake() {
  if (turn_is_due_ || retired_) return;
  turn_is_due_ = true;
  asio::post(context_.io, [self = shared_from_this()] { self->take_turn(); });
}

Situation Actor::situation() const {
  return {*sandbox_,
          observed_,
          memory_,
          context_.depths,
          context_.limits,
          context_.clock.now(),
          context_.clock.wall(),
          fence_};
}

void Actor::take_turn() {
  turn_is_due_ = false;
  if (retired_) return;
  Plan next = plan(situation());
  for (const auto& subject : next.settled) memory_.failures.erase(subject);
  bool wants_pod = memory_.under_way.contains(subject_of(RunPodSandbox()));
  for (auto& action : next.actions) {
    const bool is_pod = std::holds_alternative<RunPodSandbox>(action);
    wants_pod = wants_pod || is_pod;
    if (!is_pod || may_start_pod()) start(std::move(action));
  }
  if (!wants_pod) pod_turn_.reset();
  publish();
  timer_.reset();
  if (next.look_again) {
    timer_ = context_.clock.call_at(*next.look_again, [this] { wake(); });
  }
  watch_exits();
  settle_waiters();
}

bool Actor::may_start_pod() {
  if (!pod_turn_) pod_turn_ = context_.pod_turns.enter([this] { wake(); });
  return pod_turn_->has_come();
}

void Actor::start(Action action) {
  begin(memory_, action, observed_, context_.limits, context_.clock.now());
  if (const auto text = event_at_begin(action)) context_.observer.event(*this, *text);
  Job job;
  job.sandbox = sandbox_;
  job.observed = observed_;
  job.action = std::move(action);
  asio::co_spawn(context_.io, perform(shared_from_this(), std::move(job)), die_on_exception);
}

Task<void> Actor::perform(std::shared_ptr<Actor> self, Job job) {
  const TimePoint begun = context_.clock.now();
  // The turn that decided this ends first: an action that answers at once changes what it tells.
  co_await asio::post(context_.io, asio::use_awaitable);
  const Action action = job.action;
  if (std::holds_alternative<Freeze>(action)) co_await gate_.close();
  Result<Outcome> result = co_await context_.executor.execute(std::move(job));
  end(action, std::move(result), begun);
  static_cast<void>(self);
}

void Actor::end(const Action& action, Result<Outcome> result, TimePoint begun) {
  const TimePoint now = context_.clock.now();
  OperationRecord record{kind_of(action), now - begun, nullptr};
  if (result) {
    const Observed before = observed_;
    fold(observed_, action, *result);
    tell_exits(before);
    end_well(memory_, action, observed_, now);
    follow_freezer(action);
  } else {
    if (std::holds_alternative<Freeze>(action)) gate_.open();
    record.error = &result.error();
    end_badly(memory_, action, result.error(), context_.limits, now);
    if (leaves_doubt(action)) observed_.known = false;
  }
  context_.observer.operation(*this, record);
  if (const auto text = event_at_end(*sandbox_, action, result)) {
    context_.observer.event(*this, *text);
  }
  if (result && std::holds_alternative<Forget>(action)) {
    retire();
    context_.observer.finished(*this);
    return;
  }
  wake();
}

void Actor::tell_exits(const Observed& before) {
  for (const auto& text : events_of_exits(before, situation())) {
    context_.observer.event(*this, text);
  }
}

// Also after the agent's own restart: a Sandbox that is found frozen lets nobody in.
void Actor::follow_freezer(const Action& action) {
  const bool was_read = std::holds_alternative<Observe>(action) ||
                        std::holds_alternative<Thaw>(action) ||
                        std::holds_alternative<KillAll>(action);
  if (observed_.frozen) {
    gate_.shut();
  } else if (was_read) {
    gate_.open();
  }
}

void Actor::publish() {
  api::SandboxStatus status = status_of(situation(), sandbox_->status);
  note_resume(status);
  if (status == sandbox_->status) return;
  auto changed = std::make_shared<api::Sandbox>(*sandbox_);
  changed->status = std::move(status);
  sandbox_ = std::move(changed);
  context_.observer.status_changed(*this);
}

void Actor::note_resume(const api::SandboxStatus& status) {
  if (!resume_begun_ || !api::is_true(status.conditions, "Ready")) return;
  const std::chrono::duration<double, std::milli> took = context_.clock.now() - *resume_begun_;
  memory_.last_resume = api::LastResume{resume_cause_, took.count()};
  resume_begun_.reset();
  wake();
}

void Actor::watch_exits() {
  bool missed_one = false;
  std::set<std::string> running;
  for (const auto& container : observed_.containers) {
    if (container.state != ContainerState::kRunning || container.pid == 0) continue;
    running.insert(container.id);
    if (exit_watches_.contains(container.id)) continue;
    auto watch = context_.watch_exit(container.pid, [this, id = container.id] { ended(id); });
    if (watch) {
      exit_watches_[container.id] = std::move(*watch);
    } else if (watch.error().code() == Code::kNotFound) {
      missed_one = true;
    }
  }
  std::erase_if(exit_watches_, [&](const auto& watch) { return !running.contains(watch.first); });
  // It ended between its being read and its being watched.
  if (missed_one && observed_.known) look();
}

// Told at once; how it ended only the runtime can say, and takes its time to.
void Actor::ended(const std::string& container_id) {
  for (auto& container : observed_.containers) {
    if (container.id == container_id) container.is_ending = true;
  }
  publish();
  look();
}

void Actor::settle_waiters() {
  for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
    const bool holds = waiter->predicate(*this);
    if (!holds && !retired_) {
      ++waiter;
      continue;
    }
    asio::post(context_.io, [resume = std::move(waiter->resume), holds] { resume(holds); });
    waiter = waiters_.erase(waiter);
  }
}

// An ordinary function: g++ 12 miscompiles async_initiate inside a coroutine.
Task<bool> Actor::until(Predicate predicate) {
  return asio::async_initiate<const asio::use_awaitable_t<>, void(bool)>(
      [self = shared_from_this(), predicate = std::move(predicate)](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        self->waiters_.push_back({predicate, [shared](bool holds) { (*shared)(holds); }});
        self->settle_waiters();
      },
      asio::use_awaitable);
}

}  // namespace sandboxlet::agent
