#include "scheduler-shim/network/publisher.h"

#include <spdlog/spdlog.h>

#include "kube/fields.h"
#include "kube/resource_version.h"
#include "scheduler-shim/network/names.h"

namespace sandboxlet::network {

namespace {

constexpr size_t kWriters = 16;
const Backoff kBackoff{std::chrono::milliseconds(200), std::chrono::seconds(30)};
// Most Sandboxes are bound at once; what is told of one that is not may wait for so long.
constexpr Duration kBinding = std::chrono::milliseconds(500);
// What needs more in one go is undone by somebody as it is written.
constexpr int kWritesAtOnce = 32;

// Tried again later as it is; else the user has to hear of it.
bool is_for_the_user(const Error& error) {
  return error.code() == Code::kInvalidArgument || error.code() == Code::kPermissionDenied;
}

}  // namespace

Publisher::Publisher(const scheduler::ControllerContext& context, std::string cluster_domain)
    : context_(context),
      cluster_domain_(std::move(cluster_domain)),
      writes_(context_.io, context_.clock, kWriters, kBackoff,
              [this](std::string uid) { return publish(std::move(uid)); }),
      routes_(context_, [this](const std::string& uid) { writes_.add(uid); }) {
  // Upstream's label, so that what its controller has made is known too.
  follow(kServices, kNameHashLabel, &OwnedIndex::set_service);
  follow(kEndpointSlices, std::string(kSliceManagedByLabel) + "=" + kManager,
         &OwnedIndex::set_slice);
}

// ---- What the API server shows

void Publisher::follow(kube::Resource resource, const std::string& selector, SetOwned set) {
  kube::Informer::Callbacks callbacks;
  callbacks.set = [this, set](const Json& object) { owned_changed((owned_.*set)(object)); };
  callbacks.remove = [this](const std::string& uid) {
    const std::string sandbox = owned_.remove(uid);
    // With the Sandbox its objects go too.
    if (reaches_.contains(sandbox)) owned_changed(sandbox);
  };
  callbacks.synced = [this] { begin(); };
  informers_[std::string(resource.plural)] =
      scheduler::follow(context_, kube::Selection{resource, "", "", selector},
                        kube::Informer::Key::kUid, std::move(callbacks));
}

bool Publisher::knows_all() const {
  return knows_sandboxes_ && scheduler::have_synced(informers_).has_value();
}

void Publisher::begin() {
  if (!knows_all()) return;
  for (const auto& [uid, kept] : reaches_) writes_.add(uid);
  for (const auto& uid : owned_.sandboxes()) writes_.add(uid);
}

void Publisher::synced() {
  knows_sandboxes_ = true;
  begin();
}

void Publisher::set(const Json& sandbox) {
  const std::string uid = kube::text_at(sandbox, "/metadata/uid");
  if (!is_reached(sandbox) && !owned_.contains(uid)) {
    if (reaches_.contains(uid)) remove(uid);
    return;
  }
  take(read_reach(sandbox));
  writes_.add(uid);
}

void Publisher::remove(const std::string& uid) {
  reaches_.erase(uid);
  refused_.erase(uid);
  routes_.forget(uid);
  writes_.forget(uid);
}

void Publisher::take(Reach reach) {
  const std::string uid = reach.sandbox.uid;
  const auto [found, is_new] = reaches_.try_emplace(uid);
  Kept& kept = found->second;
  if (is_new) kept.is_bound_by = context_.clock.now() + kBinding;
  if (!is_new && kube::is_newer(kept.reach.version, reach.version)) return;
  kept.reach = std::move(reach);
  routes_.refer(kept.reach);
}

void Publisher::owned_changed(const std::string& sandbox_uid) {
  if (!sandbox_uid.empty() && knows_all()) writes_.add(sandbox_uid);
}

// ---- Writing

Task<Result<>> Publisher::publish(std::string uid) {
  if (!knows_all()) co_return Result<>();
  if (!reaches_.contains(uid)) CO_CHECK_OK(co_await look_up(uid));
  const auto refusals = std::make_shared<Refusals>();
  CO_CHECK_OK(co_await write_all(uid, refusals));
  const auto found = reaches_.find(uid);
  if (found == reaches_.end()) co_return Result<>();
  note(uid, *refusals);
  if (is_being_bound(found->second)) writes_.add_at(uid, found->second.is_bound_by);
  if (!refusals->empty()) co_return Error(Code::kFailedPrecondition, text_of(*refusals));
  co_return Result<>();
}

Task<Result<>> Publisher::look_up(std::string uid) {
  const scheduler::SandboxRef sandbox = owned_.of(uid).sandbox;
  if (sandbox.uid.empty()) co_return Result<>();
  const kube::ObjectRef ref = scheduler::object_ref(sandbox);
  const auto object = co_await context_.client.get(ref);
  if (!object && object.error().code() == Code::kNotFound) co_return Result<>();
  if (!object) co_return object.error();
  if (kube::text_at(*object, "/metadata/uid") == uid) take(read_reach(*object));
  co_return Result<>();
}

Task<Result<>> Publisher::write_all(std::string uid, std::shared_ptr<Refusals> refusals) {
  for (int written = 0; written < kWritesAtOnce; ++written) {
    const auto found = reaches_.find(uid);
    if (found == reaches_.end()) co_return Result<>();
    const auto next = next_write(situation(found->second, *refusals));
    if (!next) co_return Result<>();
    CO_CHECK_OK(co_await perform(uid, *next, refusals));
    // What was written over another version comes again with the one that the watch shows.
    if (next->kind == WriteKind::kStatus) co_return Result<>();
  }
  co_return Error(Code::kInternal, uid + ": what is written of it does not stay");
}

bool Publisher::is_being_bound(const Kept& kept) const {
  return kept.reach.node_name.empty() && context_.clock.now() < kept.is_bound_by;
}

Situation Publisher::situation(const Kept& kept, const Refusals& refusals) const {
  const Reach& reach = kept.reach;
  Situation now{reach,           owned_.of(reach.sandbox.uid), refusals, std::nullopt,
                cluster_domain_, is_being_bound(kept)};
  std::vector<std::string> services;
  for (const KnownService* const known : standing_services(now)) {
    services.push_back(known->service.name);
  }
  now.routes = routes_.statuses(reach, services);
  return now;
}

Task<Result<>> Publisher::perform(std::string uid, Write write,
                                  std::shared_ptr<Refusals> refusals) {
  switch (write.kind) {
    case WriteKind::kCreate:
      return create(std::move(uid), std::move(write), std::move(refusals));
    case WriteKind::kPatch:
      return patch(std::move(write), std::move(refusals));
    case WriteKind::kRemove:
      return remove_owned(std::move(write));
    case WriteKind::kStatus:
      break;
  }
  return write_status(std::move(uid), std::move(write));
}

Task<Result<>> Publisher::create(std::string uid, Write write, std::shared_ptr<Refusals> refusals) {
  const kube::ObjectRef all{write.ref.resource, write.ref.namespace_, "", ""};
  const auto made = co_await context_.client.create(all, std::move(write.body));
  if (made) {
    set_owned(write.ref.resource, *made);
    co_return Result<>();
  }
  if (made.error().code() == Code::kAlreadyExists) {
    co_return co_await adopt(std::move(uid), write.ref, std::move(refusals));
  }
  if (!is_for_the_user(made.error())) co_return made.error();
  refusals->emplace(subject_of(write.ref), made.error().message());
  co_return Result<>();
}

// It may be the Sandbox's own all the same: made a moment ago, or without our label.
Task<Result<>> Publisher::adopt(std::string uid, kube::ObjectRef ref,
                                std::shared_ptr<Refusals> refusals) {
  const auto object = co_await context_.client.get(ref);
  if (!object) co_return object.error();
  if (controller_of(*object).uid == uid) {
    set_owned(ref.resource, *object);
  } else {
    refusals->emplace(subject_of(ref), "exists and is not controlled by this Sandbox");
  }
  co_return Result<>();
}

Task<Result<>> Publisher::patch(Write write, std::shared_ptr<Refusals> refusals) {
  const auto patched = co_await context_.client.merge_patch(write.ref, std::move(write.body));
  if (patched) {
    set_owned(write.ref.resource, *patched);
  } else if (patched.error().code() == Code::kNotFound) {
    owned_.remove(write.uid);
  } else if (is_for_the_user(patched.error())) {
    refusals->emplace(subject_of(write.ref), patched.error().message());
  } else {
    co_return patched.error();
  }
  co_return Result<>();
}

Task<Result<>> Publisher::remove_owned(Write write) {
  const auto removed = co_await context_.client.remove(write.ref, write.uid);
  if (!removed) {
    // Of another uid is another.
    const bool is_gone = removed.error().code() == Code::kNotFound ||
                         removed.error().code() == Code::kFailedPrecondition;
    if (!is_gone) co_return removed.error();
  }
  // A finalizer can hold it: then it is there, and on its way.
  const bool is_held = removed && !kube::text_at(*removed, "/metadata/deletionTimestamp").empty();
  if (is_held) {
    set_owned(write.ref.resource, *removed);
  } else {
    owned_.remove(write.uid);
  }
  co_return Result<>();
}

Task<Result<>> Publisher::write_status(std::string uid, Write write) {
  const auto written = co_await context_.client.merge_patch(write.ref, std::move(write.body));
  if (written) {
    if (reaches_.contains(uid) && kube::text_at(*written, "/metadata/uid") == uid) {
      take(read_reach(*written));
    }
    co_return Result<>();
  }
  const bool comes_again = written.error().code() == Code::kNotFound ||
                           written.error().code() == Code::kFailedPrecondition;
  if (!comes_again) co_return written.error();
  co_return Result<>();
}

void Publisher::set_owned(const kube::Resource& resource, const Json& object) {
  if (resource.plural == kServices.plural) {
    owned_.set_service(object);
  } else {
    owned_.set_slice(object);
  }
}

void Publisher::note(const std::string& uid, const Refusals& refusals) {
  const auto before = refused_.extract(uid);
  if (refusals.empty()) return;
  refused_[uid] = refusals;
  if (before && before.mapped() == refusals) return;
  const scheduler::SandboxRef& sandbox = reaches_.at(uid).reach.sandbox;
  const std::string text = text_of(refusals);
  spdlog::warn("{}/{}: {}", sandbox.namespace_, sandbox.name, text);
  context_.events.record(
      {api::kSandboxApiVersion, api::kSandboxKind, sandbox.namespace_, sandbox.name, sandbox.uid},
      {true, "NotReachable", "ReconcileService", text});
}

}  // namespace sandboxlet::network
