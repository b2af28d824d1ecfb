#include "scheduler-shim/reaper.h"

#include <spdlog/spdlog.h>

#include "api/time.h"
#include "kube/fields.h"
#include "scheduler-shim/release.h"

namespace sandboxlet::scheduler {

namespace {

using Json = nlohmann::json;

constexpr size_t kWriters = 8;
const Backoff kBackoff{std::chrono::milliseconds(200), std::chrono::seconds(30)};

}  // namespace

Reaper::Reaper(const ControllerContext& context)
    : context_(context),
      deletions_(context_.io, context_.clock, kWriters, kBackoff,
                 [this](std::string uid) { return delete_one(std::move(uid)); }),
      releases_(context_.io, context_.clock, kWriters, kBackoff,
                [this](std::string uid) { return release_one(std::move(uid)); }) {}

void Reaper::set(const Json& sandbox) {
  set_release(sandbox);
  set_expiry(sandbox);
}

void Reaper::remove(const std::string& uid) {
  expiry_.remove(uid);
  expiring_.erase(uid);
  releasing_.erase(uid);
}

void Reaper::set_expiry(const Json& object) {
  const std::string uid = kube::text_at(object, "/metadata/uid");
  const std::string text = kube::text_at(object, "/spec/shutdownTime");
  const auto at = api::parse_time(text);
  const bool deletes = kube::text_at(object, "/spec/shutdownPolicy") == "Delete" &&
                       kube::text_at(object, "/metadata/deletionTimestamp").empty();
  if (text.empty() || !at || !deletes) {
    expiry_.remove(uid);
    expiring_.erase(uid);
    return;
  }
  expiring_[uid] = sandbox_ref(object);
  expiry_.set(uid, *at);
  delete_expired();
}

void Reaper::set_release(const Json& object) {
  const std::string uid = kube::text_at(object, "/metadata/uid");
  if (release_patch(object).is_null()) {
    releasing_.erase(uid);
    return;
  }
  releasing_[uid] = sandbox_ref(object);
  releases_.add(uid);
}

void Reaper::delete_expired() {
  const WallTime now = context_.clock.wall();
  for (const auto& uid : expiry_.take_due(now)) deletions_.add(uid);
  next_expiry_.reset();
  if (expiry_.next() == WallTime::max()) return;
  // A clock that is set is noticed within the minute.
  const Duration wait = std::min<Duration>(expiry_.next() - now, std::chrono::minutes(1));
  next_expiry_ = context_.clock.call_after(wait, [this] { delete_expired(); });
}

Task<Result<>> Reaper::delete_one(std::string uid) {
  const auto found = expiring_.find(uid);
  if (found == expiring_.end()) co_return Result<>();
  const SandboxRef sandbox = found->second;
  const kube::ObjectRef ref = object_ref(sandbox);
  const auto removed = co_await context_.client.remove(ref, uid);
  const bool is_gone = !removed && (removed.error().code() == Code::kNotFound ||
                                    removed.error().code() == Code::kFailedPrecondition);
  if (!removed && !is_gone) co_return removed.error();
  spdlog::info("{}/{} deleted at its shutdownTime", sandbox.namespace_, sandbox.name);
  expiring_.erase(uid);
  co_return Result<>();
}

Task<Result<>> Reaper::release_one(std::string uid) {
  const auto found = releasing_.find(uid);
  if (found == releasing_.end()) co_return Result<>();
  const SandboxRef sandbox = found->second;
  const kube::ObjectRef ref = object_ref(sandbox);
  const auto object = co_await context_.client.get(ref);
  if (!object && object.error().code() == Code::kNotFound) co_return Result<>();
  if (!object) co_return object.error();
  if (kube::text_at(*object, "/metadata/uid") != uid) co_return Result<>();
  Json patch = release_patch(*object);
  if (patch.is_null()) co_return Result<>();
  const auto released = co_await context_.client.merge_patch(ref, std::move(patch));
  if (!released && released.error().code() == Code::kNotFound) co_return Result<>();
  if (!released) co_return released.error();
  spdlog::info("{}/{} was deleted and is on no node: let go", sandbox.namespace_, sandbox.name);
  co_return Result<>();
}

}  // namespace sandboxlet::scheduler
