#include "agent/sandbox/actor.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <set>

#include "agent/sandbox/status.h"
#include "api/conditions.h"

namespace sandboxlet::agent {

namespace {

constexpr Duration kAsksAgain = std::chrono::seconds(1);
constexpr char kTraffic[] = "Traffic";
const std::string kHibernate = to_string(api::Depth::kHibernate);

// What only made its sleep lighter, or its wake less sure, is in no deeper one's way.
bool keeps_from_deeper(const std::string& subject) {
  return subject != subject_of(Hibernate()) && subject != subject_of(WatchTraffic());
}

// Where an action failed in the middle, only a look tells how far it came.
bool leaves_doubt(const Action& action) {
  return !std::holds_alternative<EnsureImage>(action) &&
         !std::holds_alternative<WatchTraffic>(action) &&
         !std::holds_alternative<Hibernate>(action);
}

bool found_traffic(const Outcome& outcome) {
  const auto* const frozen = std::get_if<Frozen>(&outcome);
  const auto* const found = std::get_if<FoundTraffic>(&outcome);
  return (frozen != nullptr && frozen->is_waiting) || (found != nullptr && found->is_waiting);
}

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
      memory_(memory_of(sandbox_->status)) {
  memory_.rest = rest_of(*sandbox_);
  memory_.rest.last_work = memory_.rest.looked = context_.clock.now();
  observed_.hibernated = sandbox_->status.suspend && sandbox_->status.suspend->depth == kHibernate;
}

void Actor::want(api::Sandbox desired, std::string cause) {
  const bool was_suspended = wants_rest();
  const bool is_suspended = wants_suspension(desired.spec);
  // A new word of the user's is no sleep any more, nor is a leave of this node: where it comes to
  // it is to run.
  const bool is_new = desired.metadata.generation != sandbox_->metadata.generation;
  const bool is_leaving = desired.status.eviction.has_value();
  if (is_suspended || is_new || is_leaving) memory_.rest.asleep = false;
  const bool is_by_packet = asked_to_be_resumed_ && cause == kTraffic;
  const Duration ago = is_by_packet ? context_.clock.now() - packet_ : Duration();
  asked_to_be_resumed_.reset();
  if (is_suspended) resume_begun_.reset();
  if (is_suspended && !was_suspended) suspension_begun_ = context_.clock.now();
  const bool is_resumed = was_suspended && !is_suspended && !memory_.rest.asleep && !is_leaving;
  if (is_resumed) begin_resume(std::move(cause), ago);
  desired.status = with_word_of_others(sandbox_->status, std::move(desired.status));
  sandbox_ = std::make_shared<api::Sandbox>(std::move(desired));
  wake();
}

void Actor::begin_resume(std::string cause, Duration ago) {
  resume_begun_ = context_.clock.now() - ago;
  resume_cause_ = std::move(cause);
  was_asleep_ = false;
  suspension_begun_.reset();
  const auto& suspend = sandbox_->status.suspend;
  // What overtakes its suspension came from no deeper.
  const bool is_told = suspend && !suspend->depth.empty();
  resumed_from_ = is_told ? suspend->depth : to_string(api::Depth::kFreeze);
  memory_.rest.pressed_to = api::Depth::kRunning;
}

// ---- Rest

std::optional<TimePoint> Actor::looked_for_work(bool found, TimePoint at) {
  Rest& rest = memory_.rest;
  const Duration since = at - std::exchange(rest.looked, at);
  // It was at some time since then.
  if (found) rest.last_work = std::max(rest.last_work, at - since / 2);
  if (!watched_) return std::nullopt;
  const TimePoint due = rest.last_work + watched_->timeout;
  if (at >= due) wake();
  return due;
}

// One that was not found yet, in this life of the agent or since something changed, waits.
void Actor::note_watched() {
  watched_.reset();
  const pid_t process = observed_.known ? observed_.process() : 0;
  if (process == 0 || !is_watched_for_work(situation())) return;
  watched_ = Watched{process, *idle_timeout(sandbox_->spec)};
}

std::optional<Duration> Actor::idle_time() const {
  if (!watched_) return std::nullopt;
  return context_.clock.now() - memory_.rest.last_work;
}

std::shared_ptr<void> Actor::hold_awake() {
  ++memory_.rest.held_awake;
  note_watched();
  return std::shared_ptr<void>(nullptr, [self = shared_from_this()](void*) {
    // What it was given may be gone already.
    if (self->retired_) return;
    --self->memory_.rest.held_awake;
    self->memory_.rest.last_work = self->context_.clock.now();
    self->note_watched();
  });
}

void Actor::wake_up(const std::string& cause, Duration ago) {
  if (!std::exchange(memory_.rest.asleep, false)) return;
  begin_resume(cause, ago);
  was_asleep_ = true;
  wake();
}

void Actor::traffic(WallTime at) {
  if (!wakes_on_traffic(situation())) return;
  const auto ago = std::max<Duration>(context_.clock.wall() - at, {});
  if (!memory_.rest.asleep) return ask_to_be_resumed(ago);
  wake_up(kTraffic, ago);
}

std::optional<api::Time> Actor::may_be_pressed() const {
  const bool has_failed = std::ranges::any_of(
      memory_.failures, [](const auto& failure) { return keeps_from_deeper(failure.first); });
  const bool is_there = is_idle() && observed_.known && !has_failed;
  if (!is_there || !depth_under_pressure(situation())) return std::nullopt;
  return sandbox_->status.suspend->since;
}

void Actor::press() {
  memory_.rest.pressed_to = *depth_under_pressure(situation());
  context_.observer.event(*this, event_of_pressure(memory_.rest.pressed_to));
  wake();
}

// Where it takes its time, the packets that follow ask for nothing more.
void Actor::ask_to_be_resumed(Duration ago) {
  const TimePoint now = context_.clock.now();
  if (asked_to_be_resumed_ && now < *asked_to_be_resumed_ + kAsksAgain) return;
  asked_to_be_resumed_ = now;
  packet_ = now - ago;
  context_.observer.woken(*this, kTraffic);
}

void Actor::fall_asleep_when_idle() {
  if (!agent::is_idle(situation())) return;
  memory_.rest.asleep = true;
  suspension_begun_ = context_.clock.now();
  context_.observer.event(*this, event_of_idleness());
}

// ----

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
  if (reclaim_stop_) reclaim_stop_->stop();
  timer_.reset();
  pod_turn_.reset();
  resume_place_.reset();
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
          context_.deepen_after,
          context_.limits,
          context_.clock.now(),
          context_.clock.wall(),
          fence_};
}

void Actor::take_turn() {
  turn_is_due_ = false;
  if (retired_) return;
  fall_asleep_when_idle();
  Plan next = plan(situation());
  for (const auto& subject : next.settled) memory_.failures.erase(subject);
  bool wants_pod = memory_.under_way.contains(subject_of(RunPodSandbox()));
  for (auto& action : next.actions) {
    wants_pod = wants_pod || std::holds_alternative<RunPodSandbox>(action);
    if (may_start(action)) start(std::move(action));
  }
  if (!wants_pod) pod_turn_.reset();
  if (!resume_begun_) resume_place_.reset();
  note_waiting(next);
  publish();
  note_watched();
  timer_.reset();
  if (next.look_again) {
    timer_ = context_.clock.call_at(*next.look_again, [this] { wake(); });
  }
  watch_exits();
  settle_waiters();
}

// A thaw of what was only frozen takes none.
bool Actor::may_start(const Action& action) {
  const bool is_pod = std::holds_alternative<RunPodSandbox>(action);
  const bool is_thaw = std::holds_alternative<Thaw>(action) && observed_.hibernated;
  const bool takes_memory = is_thaw || starts_processes(action);
  if (takes_memory && resume_begun_ && !may_take_memory()) return false;
  return !is_pod || may_start_pod();
}

bool Actor::may_take_memory() {
  if (!resume_place_) {
    resume_place_ = context_.resumes.enter([this] { wake(); });
    if (!resume_place_->has_come()) context_.observer.event(*this, event_of_waiting());
  }
  return resume_place_->has_come();
}

// Who waits for its resume is told so after some seconds.
void Actor::note_waiting(Plan& next) {
  if (!resume_place_ || resume_place_->has_come()) return memory_.waits_for_memory.reset();
  const TimePoint now = context_.clock.now();
  if (!memory_.waits_for_memory) memory_.waits_for_memory = now;
  const TimePoint soon = now + kAsksAgain;
  next.look_again = std::min(next.look_again.value_or(soon), soon);
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
  if (thaws(action) && reclaim_stop_) reclaim_stop_->stop();
  if (std::holds_alternative<Hibernate>(action)) {
    job.stop = reclaim_stop_ = std::make_shared<ReclaimStop>();
  }
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
  OperationRecord record{kind_of(action), now - begun};
  if (result) {
    const Observed before = observed_;
    fold(observed_, action, *result);
    tell_exits(before);
    end_well(memory_, action, observed_, now);
    follow_freezer(action);
    if (found_traffic(*result)) traffic(context_.clock.wall());
    if (const auto* given = std::get_if<GivenBack>(&*result)) record.given_back = given->bytes;
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
  const bool was_read = std::holds_alternative<Observe>(action) || thaws(action);
  if (observed_.frozen) {
    gate_.shut();
  } else if (was_read) {
    gate_.open();
  }
}

void Actor::publish() {
  api::SandboxStatus status = status_of(situation(), sandbox_->status);
  // What was told before, be it by another, is not yet found to be so.
  if (observed_.known) {
    note_suspension(status);
    note_resume(status);
    note_ready(status);
  }
  if (status == sandbox_->status) return;
  // How long it rests counts from what is told of it.
  if (status.suspend != sandbox_->status.suspend) wake();
  auto changed = std::make_shared<api::Sandbox>(*sandbox_);
  changed->status = std::move(status);
  sandbox_ = std::move(changed);
  context_.observer.status_changed(*this);
}

void Actor::note_suspension(const api::SandboxStatus& status) {
  if (!suspension_begun_ || !api::is_true(status.conditions, "Suspended")) return;
  if (!is_as_deep_as_asked(status)) return;
  const Duration took = context_.clock.now() - *suspension_begun_;
  context_.observer.passage(*this, {false, status.suspend->depth, status.suspend->reason, took});
  suspension_begun_.reset();
}

void Actor::note_resume(const api::SandboxStatus& status) {
  if (!resume_begun_ || !api::is_true(status.conditions, "Ready")) return;
  const Duration took = context_.clock.now() - *resume_begun_;
  const std::chrono::duration<double, std::milli> milliseconds = took;
  memory_.last_resume = api::LastResume{resume_cause_, milliseconds.count()};
  context_.observer.passage(*this, {true, resumed_from_, resume_cause_, took, was_asleep_});
  resume_begun_.reset();
  wake();
}

// From then on it may be without work.
void Actor::note_ready(const api::SandboxStatus& status) {
  if (api::is_true(sandbox_->status.conditions, "Ready")) return;
  if (!api::is_true(status.conditions, "Ready")) return;
  memory_.rest.last_work = memory_.rest.looked = context_.clock.now();
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

bool Actor::is_as_deep_as_asked(const api::SandboxStatus& status) const {
  const auto& suspend = status.suspend;
  if (!suspend || suspend->depth.empty()) return false;
  const api::Depth asked = depth_to_be_at(api::asked_depth(sandbox_->spec), context_.depths);
  return api::parse_depth(suspend->depth) >= asked;
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
