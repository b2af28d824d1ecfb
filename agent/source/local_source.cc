#include "agent/source/local_source.h"

#include <spdlog/spdlog.h>
#include <sys/random.h>

#include <algorithm>
#include <array>

#include "api/conditions.h"
#include "api/defaults.h"
#include "api/time.h"
#include "api/validation.h"

namespace sandboxlet::agent {

namespace {

// RFC 9562, version 4.
std::string random_uid() {
  std::array<unsigned char, 16> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) std::abort();
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    constexpr char kDigits[] = "0123456789abcdef";
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

std::string next_version(const std::string& version) {
  return std::to_string(version.empty() ? 1 : std::stoull(version) + 1);
}

Error conflict(const std::string& name, const std::string& why) {
  return Error(
      Code::kFailedPrecondition,
      "Operation cannot be fulfilled on sandboxes.agents.x-k8s.io \"" + name + "\": " + why);
}

Error not_found(const std::string& name) {
  return Error(Code::kNotFound, "sandboxes.agents.x-k8s.io \"" + name + "\" not found");
}

NameQueue::Key key_of(const Ref& ref) {
  return {ref.namespace_.empty() ? "default" : ref.namespace_, ref.name};
}

Result<> refuse_deleted(const api::Sandbox& sandbox) {
  if (sandbox.metadata.deletionTimestamp.empty()) return {};
  return conflict(sandbox.metadata.name, "object is being deleted");
}

// True where that is the state of the newest generation.
// Of the actor's own object and generation.
bool holds(const Actor& actor, const char* type, const char* status) {
  const auto& sandbox = actor.sandbox();
  const api::Condition* const condition = api::find_condition(sandbox.status.conditions, type);
  return condition != nullptr && condition->status == status &&
         condition->observedGeneration == sandbox.metadata.generation;
}

bool is_suspended(const Actor& now) { return holds(now, "Suspended", "True"); }

bool is_up(const Actor& now) {
  return holds(now, "Ready", "True") || holds(now, "Finished", "True");
}

}  // namespace

LocalSource::LocalSource(Store& store, Clock& clock, EventLog& events, std::string node_name)
    : store_(store), clock_(clock), events_(events), node_name_(std::move(node_name)) {}

Result<> LocalSource::start(Manager& manager) {
  manager_ = &manager;
  TRY(auto sandboxes, store_.load());
  for (auto& sandbox : sandboxes) {
    uids_[{sandbox.metadata.namespace_, sandbox.metadata.name}] = sandbox.metadata.uid;
    sandbox.status.nodeName = node_name_;
    manager.want(std::move(sandbox));
  }
  return {};
}

// ---- Reading

Result<std::shared_ptr<Actor>> LocalSource::actor(const Ref& ref) const {
  const auto uid = uids_.find(key_of(ref));
  auto found = uid == uids_.end() ? nullptr : manager_->find(uid->second);
  if (!found) return not_found(ref.name);
  return found;
}

Result<api::Sandbox> LocalSource::get(const Ref& ref) const {
  TRY(const auto found, actor(ref));
  return found->sandbox();
}

std::vector<api::Sandbox> LocalSource::list(const std::string& namespace_) const {
  std::vector<api::Sandbox> sandboxes;
  for (const auto& [key, uid] : uids_) {
    const auto found = manager_->find(uid);
    if (found && (namespace_.empty() || key.first == namespace_)) {
      sandboxes.push_back(found->sandbox());
    }
  }
  return sandboxes;
}

std::shared_ptr<void> LocalSource::listen(Listener listener) {
  const int id = next_listener_++;
  listeners_->emplace(id, std::move(listener));
  return std::shared_ptr<void>(nullptr,
                               [listeners = listeners_, id](void*) { listeners->erase(id); });
}

void LocalSource::tell(ChangeType type, const api::Sandbox& sandbox) {
  const auto listeners = *listeners_;
  const auto now = std::make_shared<const api::Sandbox>(sandbox);
  for (const auto& [id, listener] : listeners) {
    if (listeners_->contains(id)) listener(type, now);
  }
}

// ---- Writing

Task<Result<>> LocalSource::commit(api::Sandbox sandbox, std::string cause) {
  CO_CHECK_OK(co_await store_.put(sandbox));
  // The store removes it after this write of it, in the order of the calls.
  if (!manager_->find(sandbox.metadata.uid)) co_return not_found(sandbox.metadata.name);
  manager_->want(sandbox, cause);
  // With the status of now: it may have changed while the disk was waited for.
  tell(ChangeType::kModified, manager_->find(sandbox.metadata.uid)->sandbox());
  co_return Result<>();
}

Task<Result<std::shared_ptr<Actor>>> LocalSource::change(Ref ref, Edit edit, std::string cause) {
  const Key key = key_of(ref);
  const auto turn = co_await writers_.enter(key);
  CO_TRY(const auto target, actor(ref));
  api::Sandbox next = target->sandbox();
  CO_CHECK_OK(edit(next));
  if (!(next == target->sandbox())) {
    ++next.metadata.generation;
    next.metadata.resourceVersion = next_version(next.metadata.resourceVersion);
    CO_CHECK_OK(co_await commit(std::move(next), std::move(cause)));
  }
  co_return target;
}

Task<Result<Applied>> LocalSource::apply(api::Sandbox sandbox, bool dry_run, bool keep_suspension) {
  const Key key{sandbox.metadata.namespace_, sandbox.metadata.name};
  const auto turn = co_await writers_.enter(key);
  if (uids_.contains(key))
    co_return co_await configure(std::move(sandbox), dry_run, keep_suspension);
  co_return co_await create(std::move(sandbox), dry_run);
}

Task<Result<Applied>> LocalSource::create(api::Sandbox sandbox, bool dry_run) {
  auto& meta = sandbox.metadata;
  if (!meta.resourceVersion.empty()) {
    co_return Error(Code::kInvalidArgument,
                    "resourceVersion should not be set on objects to be created");
  }
  meta.uid = random_uid();
  meta.generation = 1;
  meta.resourceVersion = next_version("");
  meta.creationTimestamp = api::format_time(clock_.wall());
  meta.deletionTimestamp.clear();
  meta.deletionGracePeriodSeconds.reset();
  sandbox.status = {};
  sandbox.status.nodeName = node_name_;
  if (!dry_run) {
    CO_CHECK_OK(co_await store_.create(sandbox));
    uids_[{meta.namespace_, meta.name}] = meta.uid;
    manager_->want_new(sandbox);
    tell(ChangeType::kAdded, sandbox);
  }
  co_return Applied{ApplyOutcome::kCreated, std::move(sandbox)};
}

Task<Result<Applied>> LocalSource::configure(api::Sandbox sandbox, bool dry_run,
                                             bool keep_suspension) {
  CO_TRY(const api::Sandbox now, get({sandbox.metadata.namespace_, sandbox.metadata.name}));
  const auto& asked = sandbox.metadata;
  if (!asked.resourceVersion.empty() && asked.resourceVersion != now.metadata.resourceVersion) {
    co_return conflict(asked.name,
                       "the object has been modified; please apply your changes to the latest "
                       "version and try again");
  }
  if (!asked.uid.empty() && asked.uid != now.metadata.uid) {
    co_return conflict(asked.name, "Precondition failed: UID in precondition: " + asked.uid +
                                       ", UID in object meta: " + now.metadata.uid);
  }
  if (!now.metadata.deletionTimestamp.empty()) {
    co_return conflict(asked.name, "object is being deleted: sandboxes.agents.x-k8s.io \"" +
                                       asked.name + "\" already exists");
  }
  api::Sandbox next = now;
  next.spec = std::move(sandbox.spec);
  if (keep_suspension) {
    next.spec.operatingMode = now.spec.operatingMode;
    next.spec.pause = now.spec.pause;
    if (!next.spec.suspend) next.spec.suspend = now.spec.suspend;
  }
  next.metadata.labels = asked.labels;
  next.metadata.annotations = asked.annotations;
  if (const auto findings = api::validate_update(now, next); !findings.empty()) {
    co_return Error(Code::kInvalidArgument, to_string(findings.front()));
  }
  if (next == now) co_return Applied{ApplyOutcome::kUnchanged, now};
  if (!(next.spec == now.spec)) ++next.metadata.generation;
  next.metadata.resourceVersion = next_version(now.metadata.resourceVersion);
  const bool template_changed = !(next.spec.podTemplate == now.spec.podTemplate);
  if (!dry_run) {
    CO_CHECK_OK(co_await commit(next, "User"));
    if (template_changed) {
      events_.add(asked.namespace_, asked.name,
                  {false, "PodTemplateChanged",
                   "The new pod template takes effect when containers are next created"});
    }
  }
  co_return Applied{ApplyOutcome::kConfigured, std::move(next)};
}

Task<Result<api::Sandbox>> LocalSource::suspend(Ref ref, std::string depth) {
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
  co_return (co_await await_state(target, /*suspended=*/true, begun)).wrap("suspend");
}

Task<Result<api::Sandbox>> LocalSource::resume(Ref ref, std::string cause) {
  Edit edit = [](api::Sandbox& next) -> Result<> {
    CHECK_OK(refuse_deleted(next));
    next.spec.operatingMode = "Running";
    if (next.spec.pause) next.spec.pause = false;
    return {};
  };
  const TimePoint begun = clock_.now();
  CO_TRY(const auto target, co_await change(ref, std::move(edit), std::move(cause)));
  co_return (co_await await_state(target, /*suspended=*/false, begun)).wrap("resume");
}

Task<Result<>> LocalSource::wake(Ref ref, std::string cause) {
  CO_TRY(const auto target, actor(ref));
  if (wants_suspension(target->sandbox().spec)) {
    CO_CHECK_OK(co_await resume(std::move(ref), std::move(cause)));
  } else if (target->is_resuming()) {
    CO_CHECK_OK(co_await await_state(target, /*suspended=*/false, clock_.now()));
  }
  co_return Result<>();
}

Task<Result<api::Sandbox>> LocalSource::await_state(std::shared_ptr<Actor> target, bool suspended,
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

Task<Result<>> LocalSource::remove(Ref ref, std::optional<int64_t> grace_seconds, bool wait) {
  Edit edit = [this, grace_seconds](api::Sandbox& next) -> Result<> {
    auto& meta = next.metadata;
    if (meta.deletionTimestamp.empty()) {
      meta.deletionTimestamp = api::format_time(clock_.wall());
      meta.deletionGracePeriodSeconds = grace_seconds;
    }
    // A second word may only make it sooner.
    auto& grace = meta.deletionGracePeriodSeconds;
    if (grace_seconds && (!grace || *grace_seconds < *grace)) grace = grace_seconds;
    return {};
  };
  CO_TRY(const auto target, co_await change(ref, std::move(edit), "User"));
  Actor::Predicate never = [](const Actor&) { return false; };
  if (wait) static_cast<void>(co_await target->until(never));
  co_return Result<>();
}

// ---- What the manager tells

void LocalSource::status_changed(const api::Sandbox& sandbox) {
  store_.put_status(sandbox);
  tell(ChangeType::kModified, sandbox);
}

void LocalSource::event(const api::Sandbox& sandbox, const EventText& text) {
  const auto& meta = sandbox.metadata;
  const auto level = text.warning ? spdlog::level::warn : spdlog::level::info;
  spdlog::log(level, "{}/{} {}: {}", meta.namespace_, meta.name, text.reason, text.message);
  events_.add(meta.namespace_, meta.name, text);
}

void LocalSource::operation(const api::Sandbox& sandbox, const OperationRecord& record) {
  if (on_operation_) on_operation_(sandbox, record);
}

void LocalSource::finished(const api::Sandbox& sandbox) {
  uids_.erase({sandbox.metadata.namespace_, sandbox.metadata.name});
  tell(ChangeType::kDeleted, sandbox);
  asio::co_spawn(manager_->io(), forget(sandbox.metadata.uid), die_on_exception);
}

// A row that cannot be removed now is removed after the next start: nothing is left of the Sandbox
// but its deletion timestamp.
Task<void> LocalSource::forget(std::string uid) {
  if (const auto removed = co_await store_.remove(uid); !removed) {
    spdlog::error("{}", removed.error().message());
  }
}

}  // namespace sandboxlet::agent
