#include "agent/source/source.h"

#include <spdlog/spdlog.h>

#include "api/conditions.h"
#include "api/defaults.h"
#include "api/validation.h"
#include "base/backoff.h"

namespace sandboxlet::agent {

namespace {

// Between tries of a wake that could not be committed.
const Backoff kWakeBackoff{std::chrono::milliseconds(200), std::chrono::seconds(5)};

// Of the actor's own object and generation.
bool holds(const Actor& actor, const char* type, const char* status) {
  const auto& sandbox = actor.sandbox();
  const api::Condition* const condition = api::find_condition(sandbox.status.conditions, type);
  return condition != nullptr && condition->status == status &&
         condition->observedGeneration == sandbox.metadata.generation;
}

// On its way to a Stop a frozen one is suspended too.
bool is_suspended(const Actor& now) {
  return holds(now, "Suspended", "True") && now.is_as_deep_as_asked();
}

bool is_up(const Actor& now) {
  return holds(now, "Ready", "True") || holds(now, "Finished", "True");
}

}  // namespace

Error Source::conflict(const std::string& name, const std::string& why) {
  return Error(
      Code::kFailedPrecondition,
      "Operation cannot be fulfilled on sandboxes.agents.x-k8s.io \"" + name + "\": " + why);
}

Result<> Source::refuse_deleted(const api::Sandbox& sandbox) {
  if (sandbox.metadata.deletionTimestamp.empty()) return {};
  return conflict(sandbox.metadata.name, "object is being deleted");
}

Error Source::not_found(const std::string& name) {
  return Error(Code::kNotFound, "sandboxes.agents.x-k8s.io \"" + name + "\" not found");
}

Source::Key Source::key_of(const Ref& ref) {
  return {ref.namespace_.empty() ? "default" : ref.namespace_, ref.name};
}

void Source::forget_name(const api::ObjectMeta& meta) {
  const auto found = uids_.find(key_of(meta));
  if (found != uids_.end() && found->second == meta.uid) uids_.erase(found);
}

// ---- Reading

Result<std::shared_ptr<Actor>> Source::actor(const Ref& ref) const {
  const auto uid = uids_.find(key_of(ref));
  auto found = uid == uids_.end() ? nullptr : manager_->find(uid->second);
  if (!found) return not_found(ref.name);
  return found;
}

Result<api::Sandbox> Source::get(const Ref& ref) const {
  TRY(const auto found, actor(ref));
  return found->sandbox();
}

std::vector<api::Sandbox> Source::list(const std::string& namespace_) const {
  std::vector<api::Sandbox> sandboxes;
  for (const auto& [key, uid] : uids_) {
    const auto found = manager_->find(uid);
    if (found && (namespace_.empty() || key.first == namespace_)) {
      sandboxes.push_back(found->sandbox());
    }
  }
  return sandboxes;
}

std::shared_ptr<void> Source::listen(Listener listener) {
  const int id = next_listener_++;
  listeners_->emplace(id, std::move(listener));
  return std::shared_ptr<void>(nullptr,
                               [listeners = listeners_, id](void*) { listeners->erase(id); });
}

void Source::tell(ChangeType type, const api::Sandbox& sandbox) {
  const auto listeners = *listeners_;
  const auto now = std::make_shared<const api::Sandbox>(sandbox);
  for (const auto& [id, listener] : listeners) {
    if (listeners_->contains(id)) listener(type, now);
  }
}

// ---- Suspending

Task<Result<>> Source::agreed(std::string) { co_return Result<>(); }

Task<Result<api::Sandbox>> Source::suspend(Ref ref, std::string depth) {
  Edit edit = [depth = std::move(depth)](api::Sandbox& next) -> Result<> {
    CHECK_OK(refuse_deleted(next));
    next.spec.operatingMode = "Suspended";
    if (depth.empty()) return {};
    if (!next.spec.suspend) next.spec.suspend.emplace();
    next.spec.suspend->depth = depth;
    api::set_defaults(next);
    for (const auto& finding : api::validate(next)) {
      if (!finding.path.starts_with("spec.suspend")) continue;
      return Error(Code::kInvalidArgument, to_string(finding));
    }
    return {};
  };
  const TimePoint begun = clock_.now();
  CO_TRY(const auto target, co_await change(ref, std::move(edit), "User"));
  auto state = co_await await_state(target, /*suspended=*/true, begun);
  if (state) CO_CHECK_OK((co_await agreed(state->metadata.uid)).wrap("suspend"));
  co_return std::move(state).wrap("suspend");
}

Task<Result<api::Sandbox>> Source::resume(Ref ref, std::string cause) {
  Edit edit = [](api::Sandbox& next) -> Result<> {
    CHECK_OK(refuse_deleted(next));
    next.spec.operatingMode = "Running";
    if (next.spec.pause) next.spec.pause = false;
    return {};
  };
  const TimePoint begun = clock_.now();
  CO_TRY(const auto target, co_await change(ref, std::move(edit), cause));
  target->wake_up(cause);
  auto state = co_await await_state(target, /*suspended=*/false, begun);
  if (state) CO_CHECK_OK((co_await agreed(state->metadata.uid)).wrap("resume"));
  co_return std::move(state).wrap("resume");
}

Task<Result<>> Source::wake(Ref ref, std::string cause) {
  CO_TRY(const auto target, actor(ref));
  if (wants_suspension(target->sandbox().spec)) {
    CO_CHECK_OK(co_await resume(std::move(ref), std::move(cause)));
    co_return Result<>();
  }
  target->wake_up(cause);
  if (target->is_resuming()) {
    CO_CHECK_OK(co_await await_state(target, /*suspended=*/false, clock_.now()));
  }
  co_return Result<>();
}

Task<Result<api::Sandbox>> Source::await_state(std::shared_ptr<Actor> target, bool suspended,
                                               TimePoint since) {
  const auto is_so = suspended ? is_suspended : is_up;
  Actor::Predicate over = [suspended, is_so, since](const Actor& now) {
    return is_so(now) || now.obstacle(since) || wants_suspension(now.sandbox().spec) != suspended;
  };
  for (;;) {
    if (!co_await target->until(over)) {
      co_return Error(Code::kCancelled, "the Sandbox was deleted meanwhile");
    }
    if (is_so(*target)) co_return target->sandbox();
    if (auto met = target->obstacle(since)) co_return std::move(*met);
    if (wants_suspension(target->sandbox().spec) != suspended) {
      co_return Error(
          Code::kFailedPrecondition,
          std::string("the Sandbox was ") + (suspended ? "resumed" : "suspended") + " meanwhile");
    }
  }
}

// ---- What the manager tells

void Source::event(const api::Sandbox& sandbox, const EventText& text) {
  const auto& meta = sandbox.metadata;
  const auto level = text.warning ? spdlog::level::warn : spdlog::level::info;
  spdlog::log(level, "{}/{} {}: {}", meta.namespace_, meta.name, text.reason, text.message);
  events_.add(meta, text);
}

void Source::woken(const api::Sandbox& sandbox, const std::string& cause) {
  asio::co_spawn(manager_->io(), resume_by_itself(sandbox.metadata, cause), die_on_exception);
}

// Who has sent a request may send nothing more, so what could not be committed is tried again:
// until the user says something else.
Task<void> Source::resume_by_itself(api::ObjectMeta meta, std::string cause) {
  const Ref ref{meta.namespace_, meta.name};
  Backoff backoff = kWakeBackoff;
  const auto is_to_be_woken = [&] {
    const auto target = actor(ref);
    if (!target) return false;
    const api::Sandbox& now = (*target)->sandbox();
    return now.metadata.uid == meta.uid && now.metadata.generation == meta.generation &&
           wants_suspension(now.spec);
  };
  for (;;) {
    const auto resumed = co_await resume(ref, cause);
    if (resumed) co_return;
    spdlog::warn("{}/{}: {}", meta.namespace_, meta.name, resumed.error().message());
    backoff.fail(clock_.now());
    co_await clock_.sleep(backoff.delay);
    if (!is_to_be_woken()) co_return;
  }
}

void Source::operation(const api::Sandbox& sandbox, const OperationRecord& record) {
  if (records_.operation) records_.operation(sandbox, record);
}

void Source::passage(const api::Sandbox&, const PassageRecord& record) {
  if (records_.passage) records_.passage(record);
}

}  // namespace sandboxlet::agent
