#include "agent/source/local_source.h"

#include <spdlog/spdlog.h>
#include <sys/random.h>

#include <array>

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

}  // namespace

LocalSource::LocalSource(Store& store, Clock& clock, EventLog& events, std::string node_name)
    : Source(clock, events), store_(store), events_(events), node_name_(std::move(node_name)) {}

Result<> LocalSource::start(Manager& manager) {
  use(manager);
  TRY(auto stored, store_.load());
  for (auto& [sandbox, pending] : stored) {
    know(sandbox.metadata);
    sandbox.status.nodeName = node_name_;
    manager.want(std::move(sandbox));
  }
  return {};
}

// ---- Writing

Task<Result<>> LocalSource::commit(api::Sandbox sandbox, std::string cause) {
  CO_CHECK_OK(co_await store_.put(sandbox));
  // The store removes it after this write of it, in the order of the calls.
  if (!manager().find(sandbox.metadata.uid)) co_return not_found(sandbox.metadata.name);
  manager().want(sandbox, cause);
  // With the status of now: it may have changed while the disk was waited for.
  tell(ChangeType::kModified, manager().find(sandbox.metadata.uid)->sandbox());
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
  if (knows(key)) co_return co_await configure(std::move(sandbox), dry_run, keep_suspension);
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
  meta.creationTimestamp = api::format_time(clock().wall());
  meta.deletionTimestamp.clear();
  meta.deletionGracePeriodSeconds.reset();
  sandbox.status = {};
  sandbox.status.nodeName = node_name_;
  if (!dry_run) {
    CO_CHECK_OK(co_await store_.create(sandbox));
    know(meta);
    manager().want_new(sandbox);
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
      events_.add(next.metadata,
                  {false, "PodTemplateChanged",
                   "The new pod template takes effect when containers are next created"});
    }
  }
  co_return Applied{ApplyOutcome::kConfigured, std::move(next)};
}

Task<Result<>> LocalSource::remove(Ref ref, std::optional<int64_t> grace_seconds, bool wait) {
  Edit edit = [this, grace_seconds](api::Sandbox& next) -> Result<> {
    auto& meta = next.metadata;
    if (meta.deletionTimestamp.empty()) {
      meta.deletionTimestamp = api::format_time(clock().wall());
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

void LocalSource::finished(const api::Sandbox& sandbox) {
  forget_name(sandbox.metadata);
  tell(ChangeType::kDeleted, sandbox);
  asio::co_spawn(manager().io(), forget(sandbox.metadata.uid), die_on_exception);
}

// A row that cannot be removed now is removed after the next start: nothing is left of the Sandbox
// but its deletion timestamp.
Task<void> LocalSource::forget(std::string uid) {
  if (const auto removed = co_await store_.remove(uid); !removed) {
    spdlog::error("{}", removed.error().message());
  }
}

}  // namespace sandboxlet::agent
