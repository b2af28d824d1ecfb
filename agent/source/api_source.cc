#include "agent/source/api_source.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "api/conditions.h"
#include "api/json.h"
#include "api/node_loss.h"
#include "api/time.h"
#include "kube/resource_version.h"

namespace sandboxlet::agent {

namespace {

using Json = nlohmann::json;

constexpr char kManager[] = "sandboxlet";
// Writes to different objects, side by side. A server allows 100 exchanges a connection.
constexpr size_t kWriters = 16;
// Of one object's writes.
const Backoff kBackoff{std::chrono::milliseconds(100), std::chrono::seconds(30)};
// How long a status may wait that tells of the way alone: a start says three things within 200 ms.
constexpr Duration kWayIsTold = std::chrono::seconds(1);
// Between two of those, so that a burst of starts leaves the API server to what is Ready.
constexpr Duration kBetweenThose = std::chrono::milliseconds(200);
// In place of what is to be written of it: it is bound to another node.
constexpr char kLeaves[] = "leaves";
// How often it is asked for an object that has left this node, whether it is still there.
constexpr Duration kLooksForTheLeft = std::chrono::minutes(5);
// How long who suspends or resumes on the local socket waits for the API server's word.
constexpr Duration kPatience = std::chrono::seconds(2);
const Json::json_pointer kConfirmedAt("/status/nodeConfirmed");

kube::ObjectRef ref_of(const api::ObjectMeta& meta, std::string_view subresource = {}) {
  return {kube::kSandboxes, meta.namespace_, meta.name, subresource};
}

std::string text_of(const Json& pending) { return pending.is_null() ? "" : pending.dump(); }

// What the manager makes so: of the status, what others tell that Ready depends on; another version
// alone is nothing new.
bool wants_the_same(const api::Sandbox& one, const api::Sandbox& other) {
  const auto& a = one.metadata;
  const auto& b = other.metadata;
  return one.spec == other.spec && a.generation == b.generation && a.labels == b.labels &&
         a.annotations == b.annotations && a.deletionTimestamp == b.deletionTimestamp &&
         a.deletionGracePeriodSeconds == b.deletionGracePeriodSeconds &&
         one.status.service == other.status.service && one.status.eviction == other.status.eviction;
}

// Only an agent says it.
bool was_seen_by_an_agent(const api::SandboxStatus& status) {
  return api::find_condition(status.conditions, "Suspended") != nullptr;
}

Error not_here() {
  return Error(Code::kFailedPrecondition,
               "this agent takes its Sandboxes from the API server: ask there (kubectl)");
}

}  // namespace

ApiSource::ApiSource(ApiSourceContext context)
    : Source(context.clock, context.events),
      context_(std::move(context)),
      fence_(context_.lease_lasts, context_.lease_renewed),
      writes_(context_.io, context_.clock, kWriters, kBackoff,
              [this](std::string uid) { return write(std::move(uid)); }),
      looks_(context_.io, context_.clock, kWriters, kBackoff,
             [this](std::string uid) { return look_for(std::move(uid)); }) {}

Result<> ApiSource::start(Manager& manager) {
  use(manager);
  TRY(auto stored, context_.store.load());
  for (auto& [sandbox, pending] : stored) {
    ApiEntry& entry = entries_[sandbox.metadata.uid];
    entry.meta = sandbox.metadata;
    // Any version of it is news.
    entry.meta.resourceVersion.clear();
    entry.spec = sandbox.spec;
    entry.pending_spec = Json::parse(pending, nullptr, /*allow_exceptions=*/false);
    entry.is_leaving = entry.pending_spec == kLeaves;
    if (!entry.pending_spec.is_object()) entry.pending_spec = nullptr;
    entry.is_held = true;
    if (sandbox.status.eviction) entry.kept_eviction = sandbox.status.eviction->since;
    if (!entry.is_leaving) know(sandbox.metadata);
    sandbox.status.nodeName = context_.node_name;
    const std::string uid = sandbox.metadata.uid;
    manager.want(std::move(sandbox));
    const auto actor = manager.find(uid);
    fence_.set(uid, api::moved_after(actor->sandbox().spec));
    asio::co_spawn(context_.io, entry.is_leaving ? see_off(actor) : tell_once_known(actor),
                   die_on_exception);
  }
  fences_changed();
  fence_due();
  const kube::Selection selection{kube::kSandboxes, "", "status.nodeName=" + context_.node_name,
                                  ""};
  kube::ReflectorHandler& handler = *this;
  reflector_ = std::make_unique<kube::Reflector>(context_.io, context_.clock, context_.streams,
                                                 selection, handler);
  return {};
}

// What its former life saw of it may never have come to the API server.
Task<void> ApiSource::tell_once_known(std::shared_ptr<Actor> actor) {
  Actor::Predicate is_known = [](const Actor& now) { return now.observed().known; };
  if (co_await actor->until(std::move(is_known))) status_changed(actor->sandbox());
}

Result<> ApiSource::connection() const {
  if (trouble_.empty()) return {};
  return Error(Code::kUnavailable, trouble_);
}

// ---- What the API server shows

void ApiSource::sync_begun() {
  for (auto& [uid, entry] : entries_) entry.is_listed = false;
}

void ApiSource::seen(Json object) { take(std::move(object)); }

void ApiSource::gone(Json object) {
  const std::string uid = object.value(Json::json_pointer("/metadata/uid"), "");
  const auto found = entries_.find(uid);
  if (found == entries_.end()) return;
  if (found->second.is_finished) return drop(uid);
  looks_.add(uid);
}

void ApiSource::synced() {
  for (const auto& [uid, entry] : entries_) {
    if (!entry.is_listed) looks_.add(uid);
  }
}

void ApiSource::connected(bool is, const std::string& why) {
  if (is) {
    spdlog::info("API server: connected");
    trouble_.clear();
  } else {
    spdlog::warn("API server: {}", why);
    trouble_ = why;
  }
  settled_.notify();
}

// Each write's answer comes once more from the watch: what is known is not read again.
bool ApiSource::is_known(const Json& json) {
  const auto found = entries_.find(json.value(Json::json_pointer("/metadata/uid"), ""));
  if (found == entries_.end()) return false;
  const std::string version = json.value(Json::json_pointer("/metadata/resourceVersion"), "");
  if (kube::is_newer(version, found->second.meta.resourceVersion)) return false;
  const std::string node = json.value(Json::json_pointer("/status/nodeName"), "");
  if (node == context_.node_name) found->second.is_listed = true;
  return true;
}

void ApiSource::take(Json json) {
  if (is_known(json)) return;
  ApiObject object = read_api_object(std::move(json));
  const api::ObjectMeta& meta = object.sandbox.metadata;
  if (object.sandbox.status.nodeName != context_.node_name) {
    const auto found = entries_.find(meta.uid);
    if (found == entries_.end()) return;
    found->second.meta.resourceVersion = meta.resourceVersion;
    leave(found->second);
    return;
  }
  ApiEntry& entry = entries_[meta.uid];
  entry.is_listed = true;
  entry.meta = meta;
  entry.is_seen = true;
  entry.spec = object.sandbox.spec;
  entry.status = std::move(object.status);
  entry.has_finalizer = object.has_finalizer;
  entry.has_left = false;
  if (!entry.is_finished) {
    if (object.findings.empty()) {
      want(entry, std::move(object.sandbox));
    } else {
      refuse(entry, object);
    }
  }
  entry.is_leaving = false;
  // Not the object's own, which has been moved from.
  writes_.add(entry.meta.uid);
}

void ApiSource::want(ApiEntry& entry, api::Sandbox sandbox) {
  const std::string uid = entry.meta.uid;
  const auto actor = manager().find(uid);
  // What was never begun here, or is over, is not begun to be ended.
  if (!actor && entry.is_deleting() && !entry.has_finalizer) return;
  if (!entry.pending_spec.is_null()) apply_suspension(entry.pending_spec, sandbox.spec);
  const bool has_come_back = std::exchange(entry.is_leaving, false);
  if (actor && !has_come_back && wants_the_same(actor->sandbox(), sandbox)) return;
  asio::co_spawn(context_.io, save(sandbox, entry.pending_spec), die_on_exception);
  know(entry.meta);
  entry.is_held = true;
  if (actor || was_seen_by_an_agent(sandbox.status)) {
    manager().want(sandbox);
  } else {
    manager().want_new(sandbox);
  }
  set_fence(sandbox);
  tell(actor ? ChangeType::kModified : ChangeType::kAdded, manager().find(uid)->sandbox());
}

// One that runs goes on as it was when it was last understood, but can be suspended and ended.
void ApiSource::refuse(ApiEntry& entry, const ApiObject& object) {
  const auto actor = manager().find(entry.meta.uid);
  if (!actor) {
    entry.wanted_status = refusal_status(object, api::format_time(clock().wall()));
    entry.kept_eviction = entry.wanted_status->evicted;
    return;
  }
  api::Sandbox next = actor->sandbox();
  if (next.metadata.generation != entry.meta.generation) {
    event(next, {true, "UnsupportedField", refusal_of(object.findings)});
  }
  const api::SandboxSpec& asked = object.sandbox.spec;
  next.metadata = entry.meta;
  next.status.service = object.sandbox.status.service;
  next.status.eviction = object.sandbox.status.eviction;
  next.spec.operatingMode = asked.operatingMode;
  next.spec.pause = asked.pause;
  next.spec.shutdownTime = asked.shutdownTime;
  next.spec.shutdownPolicy = asked.shutdownPolicy;
  want(entry, std::move(next));
}

// ---- What is no longer there

Task<Result<>> ApiSource::look_for(std::string uid) {
  auto found = entries_.find(uid);
  if (found == entries_.end()) co_return Result<>();
  auto object = co_await context_.client.get(ref_of(found->second.meta));
  found = entries_.find(uid);
  if (found == entries_.end()) co_return Result<>();
  if (!object && object.error().code() != Code::kNotFound) co_return std::move(object.error());
  const bool is_there = object && object->value(Json::json_pointer("/metadata/uid"), "") == uid;
  if (is_there) {
    take(std::move(*object));
    found = entries_.find(uid);
    const bool has_left = found != entries_.end() && found->second.has_left;
    if (has_left) looks_.add_at(uid, clock().now() + kLooksForTheLeft);
  } else {
    put_down(found->second);
  }
  co_return Result<>();
}

void ApiSource::put_down(ApiEntry& entry) {
  entry.is_seen = false;
  entry.has_finalizer = false;
  const auto actor = manager().find(entry.meta.uid);
  if (!actor && !entry.has_left) return drop(entry.meta.uid);
  if (actor && !actor->sandbox().metadata.deletionTimestamp.empty()) return;
  api::Sandbox last;
  if (actor) {
    last = actor->sandbox();
  } else {
    last.metadata = entry.meta;
    last.spec = entry.spec;
  }
  spdlog::warn("{}/{} is gone from the API server: ending it", last.metadata.namespace_,
               last.metadata.name);
  last.metadata.deletionTimestamp = api::format_time(clock().wall());
  entry.meta.deletionTimestamp = last.metadata.deletionTimestamp;
  asio::co_spawn(context_.io, save(last, nullptr), die_on_exception);
  manager().want(std::move(last));
}

void ApiSource::leave(ApiEntry& entry) {
  if (entry.has_left) return;
  const auto actor = manager().find(entry.meta.uid);
  if (!actor) return drop(entry.meta.uid);
  if (entry.is_leaving) return;
  entry.is_leaving = true;
  entry.pending_spec = nullptr;
  // Should it come back, this is no longer so.
  entry.wanted_status.reset();
  api::Sandbox last = actor->sandbox();
  spdlog::warn("{}/{} is bound to another node: ending it here", last.metadata.namespace_,
               last.metadata.name);
  last.spec.operatingMode = "Suspended";
  if (!last.spec.suspend) last.spec.suspend.emplace();
  last.spec.suspend->depth = to_string(api::Depth::kTerminate);
  // This node must not run it after a restart, be the API server away.
  asio::co_spawn(context_.io, save(last, kLeaves), die_on_exception);
  manager().want(std::move(last));
  asio::co_spawn(context_.io, see_off(actor), die_on_exception);
}

Task<void> ApiSource::see_off(std::shared_ptr<Actor> actor) {
  Actor::Predicate has_ended = [](const Actor& now) {
    const auto& suspend = now.sandbox().status.suspend;
    return suspend && suspend->depth == "Terminate" && now.observed().known && now.is_idle();
  };
  if (!co_await actor->until(std::move(has_ended))) co_return;
  const std::string uid = actor->sandbox().metadata.uid;
  const auto found = entries_.find(uid);
  // It may have been bound to this node again meanwhile.
  if (found == entries_.end() || !found->second.is_leaving) co_return;
  forget_name(actor->sandbox().metadata);
  tell(ChangeType::kDeleted, actor->sandbox());
  manager().release(uid);
  fence_.remove(uid);
  fences_changed();
  found->second.has_left = true;
  looks_.add(uid);
}

void ApiSource::drop(std::string uid) {
  writes_.forget(uid);
  looks_.forget(uid);
  refusals_.erase(uid);
  fence_.remove(uid);
  fences_changed();
  entries_.erase(uid);
  asio::co_spawn(context_.io, erase(std::move(uid)), die_on_exception);
}

// A row that stays is looked for at the API server after the next start, and removed then.
Task<void> ApiSource::erase(std::string uid) {
  if (const auto removed = co_await context_.store.remove(uid); !removed) {
    spdlog::error("{}", removed.error().message());
  }
}

Task<void> ApiSource::save(api::Sandbox sandbox, Json pending) {
  if (const auto saved = co_await context_.store.put(sandbox, text_of(pending)); !saved) {
    spdlog::error("{}", saved.error().message());
    co_return;
  }
  const auto found = entries_.find(sandbox.metadata.uid);
  if (found == entries_.end() || !sandbox.status.eviction) co_return;
  found->second.kept_eviction = sandbox.status.eviction->since;
  writes_.add(sandbox.metadata.uid);
}

// ---- What the manager tells

void ApiSource::status_changed(const api::Sandbox& sandbox) {
  const auto found = entries_.find(sandbox.metadata.uid);
  if (found == entries_.end()) return;
  tell(ChangeType::kModified, sandbox);
  if (found->second.is_leaving) return;
  context_.store.put_status(sandbox);
  wish_status(found->second, sandbox.status);
  writes_.add(sandbox.metadata.uid);
}

// One that waits goes on waiting for as long as it had to.
void ApiSource::wish_status(ApiEntry& entry, const api::SandboxStatus& status) {
  const TimePoint now = clock().now();
  if (!is_on_the_way(entry.status, status)) {
    entry.status_waits_until = now;
  } else if (entry.status_waits_until <= now) {
    entry.status_waits_until = std::max(now + kWayIsTold, next_on_the_way_);
    next_on_the_way_ = entry.status_waits_until + kBetweenThose;
  }
  entry.wanted_status = status;
}

void ApiSource::finished(const api::Sandbox& sandbox) {
  const std::string uid = sandbox.metadata.uid;
  forget_name(sandbox.metadata);
  const auto found = entries_.find(uid);
  // Of one that had left it was told.
  if (found == entries_.end() || !found->second.has_left) tell(ChangeType::kDeleted, sandbox);
  if (found == entries_.end()) return;
  found->second.is_finished = true;
  found->second.is_held = false;
  if (!found->second.is_seen) return drop(uid);
  writes_.add(uid);
}

// ---- Writing

Task<Result<>> ApiSource::write(std::string uid) {
  for (;;) {
    auto found = entries_.find(uid);
    if (found == entries_.end()) co_return Result<>();
    const TimePoint now = clock().now();
    const auto next = next_write(found->second, now);
    if (!next) {
      const TimePoint later = found->second.status_waits_until;
      if (later > now) writes_.add_at(uid, later);
      co_return Result<>();
    }
    auto answer = co_await send(found->second.meta, *next);
    found = entries_.find(uid);
    if (found == entries_.end()) co_return Result<>();
    ApiEntry& entry = found->second;
    if (answer) {
      if (next->kind == ApiWriteKind::kSpec && entry.pending_spec == next->body["spec"]) {
        entry.pending_spec = nullptr;
      }
      if (next->body.contains(kConfirmedAt)) confirmed(entry, next->body[kConfirmedAt]);
      // Where that was the last one, the answer is the object before it went.
      if (next->kind == ApiWriteKind::kRelease) entry.has_finalizer = false;
      take(std::move(*answer));
      settled_.notify();
      continue;
    }
    const Error& error = answer.error();
    if (error.code() == Code::kNotFound) co_return co_await look_for(uid);
    // A conflict; or what was written is not that of another object of the name.
    const bool has_changed =
        error.code() == Code::kFailedPrecondition || error.code() == Code::kInvalidArgument;
    if (has_changed) {
      const std::string before = entry.meta.resourceVersion;
      CO_CHECK_OK(co_await look_for(uid));
      found = entries_.find(uid);
      if (found == entries_.end() || !found->second.is_seen) continue;
      if (found->second.meta.resourceVersion != before) continue;
    }
    if (next->kind == ApiWriteKind::kSpec && !is_retryable(error.code())) {
      // What was asked for meanwhile is for the server to decide yet.
      if (found->second.pending_spec == next->body["spec"]) take_back(found->second, error);
      continue;
    }
    spdlog::warn("API server: {}", error.message());
    co_return error;
  }
}

Task<Result<Json>> ApiSource::send(api::ObjectMeta meta, ApiWrite write) {
  switch (write.kind) {
    case ApiWriteKind::kStatus:
      co_return co_await context_.client.merge_patch(ref_of(meta, "status"), std::move(write.body));
    case ApiWriteKind::kSpec:
      co_return co_await context_.client.merge_patch(ref_of(meta), std::move(write.body));
    default:
      co_return co_await context_.client.apply(ref_of(meta), std::move(write.body), kManager);
  }
}

// The API server decides: what was asked for here is not to be.
void ApiSource::take_back(ApiEntry& entry, const Error& refusal) {
  entry.pending_spec = nullptr;
  refusals_.insert_or_assign(entry.meta.uid, refusal);
  settled_.notify();
  const auto actor = manager().find(entry.meta.uid);
  if (!actor) return;
  api::Sandbox last = actor->sandbox();
  event(last, {true, "SuspensionRefused", refusal.message()});
  last.spec.operatingMode = entry.spec.operatingMode;
  last.spec.pause = entry.spec.pause;
  last.spec.suspend = entry.spec.suspend;
  asio::co_spawn(context_.io, save(last, nullptr), die_on_exception);
  manager().want(std::move(last));
}

// ---- What the local socket asks

Error ApiSource::is_elsewhere(const std::string& name) {
  return conflict(name, "it is bound to another node");
}

Task<Result<Applied>> ApiSource::apply(api::Sandbox, bool, bool) { co_return not_here(); }

Task<Result<>> ApiSource::remove(Ref, std::optional<int64_t>, bool) { co_return not_here(); }

Task<Result<std::shared_ptr<Actor>>> ApiSource::change(Ref ref, Edit edit, std::string cause) {
  const auto turn = co_await writers_.enter(key_of(ref));
  CO_TRY(const auto target, actor(ref));
  api::Sandbox next = target->sandbox();
  CO_CHECK_OK(edit(next));
  if (next.spec == target->sandbox().spec) co_return target;
  const std::string uid = next.metadata.uid;
  auto found = entries_.find(uid);
  if (found == entries_.end()) co_return not_found(next.metadata.name);
  if (found->second.is_leaving) co_return is_elsewhere(next.metadata.name);
  refusals_.erase(uid);
  Json pending = pending_suspension(found->second, next.spec);
  CO_CHECK_OK(co_await context_.store.put(next, text_of(pending)));
  found = entries_.find(uid);
  const auto latest = manager().find(uid);
  if (found == entries_.end() || !latest) co_return not_found(next.metadata.name);
  if (found->second.is_leaving) co_return is_elsewhere(next.metadata.name);
  // It may have been evicted while the disk was waited for.
  next.status = latest->sandbox().status;
  found->second.pending_spec = std::move(pending);
  manager().want(std::move(next), cause);
  writes_.add(uid);
  co_return target;
}

Task<Result<>> ApiSource::agreed(std::string uid) {
  const TimePoint end = clock().now() + kPatience;
  for (;;) {
    if (const auto refusal = refusals_.extract(uid)) co_return std::move(refusal.mapped());
    const auto found = entries_.find(uid);
    const bool pending = found != entries_.end() && !found->second.pending_spec.is_null();
    // Later, where it cannot be asked now.
    if (!pending || !trouble_.empty() || clock().now() >= end) co_return Result<>();
    co_await settled_.wait(clock(), end - clock().now());
  }
}

}  // namespace sandboxlet::agent
