#include "agent/claims/local_provisioner.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "agent/claims/resize.h"
#include "api/storage.h"
#include "base/offload.h"

namespace sandboxlet::agent {

namespace {

using Json = nlohmann::json;

// Volumes that are made, grown or removed side by side.
constexpr size_t kWorkers = 8;
const Backoff kBackoff{std::chrono::milliseconds(500), std::chrono::minutes(1)};

kube::ObjectRef volume_ref(const std::string& name) {
  return {kube::kPersistentVolumes, "", name, ""};
}

kube::ObjectRef claim_ref(const ClaimReference& claim, std::string_view subresource = {}) {
  return {kube::kPersistentVolumeClaims, claim.namespace_, claim.name, subresource};
}

std::string name_of(const ClaimReference& claim) { return claim.namespace_ + "/" + claim.name; }

// Nothing where there is none.
Result<std::optional<Json>> where_found(Result<Json> object) {
  if (object) return std::optional<Json>(std::move(*object));
  if (object.error().code() == Code::kNotFound) return std::optional<Json>();
  return std::move(object.error());
}

Task<Result<>> nothing() { co_return Result<>(); }

}  // namespace

LocalProvisioner::LocalProvisioner(LocalProvisionerContext context)
    : context_(std::move(context)),
      works_(context_.io, context_.clock, kWorkers, kBackoff,
             [this](std::string volume) { return work(std::move(volume)); }) {
  context_.storage.on_change = [this](const std::string& volume) { works_.add(volume); };
  context_.storage.on_sync = [this] { begin(); };
  asio::co_spawn(context_.io, look_at_disk(), die_on_exception);
}

std::string LocalProvisioner::trouble(const std::string& volume) const {
  const auto found = troubles_.find(volume);
  return found == troubles_.end() ? "" : found->second;
}

// What a life before this one has left may be known to no object.
Task<void> LocalProvisioner::look_at_disk() {
  auto look = [this] { return context_.volumes.list(); };
  const auto found = co_await offload(context_.disk_pool, look);
  if (found) {
    for (const LocalVolume& volume : *found) on_disk_.emplace(volume.name, volume.record.claim);
  } else {
    spdlog::error("local volumes: {}", found.error().message());
  }
  knows_disk_ = true;
  begin();
}

void LocalProvisioner::begin() {
  if (!knows_disk_ || !context_.storage.has_synced()) return;
  for (const auto& [volume, claim] : on_disk_) works_.add(volume);
}

Task<Result<>> LocalProvisioner::work(std::string name) {
  const KnownVolume* const volume = context_.storage.volume(name);
  const KnownClaim* const claim = context_.storage.claim_for(name);
  if (claim == nullptr) troubles_.erase(name);
  const bool knows_all = knows_disk_ && context_.storage.has_synced();
  switch (next_step(volume, claim, knows_all && is_on_disk(name), context_.node_name)) {
    case VolumeStep::kNone:
      break;
    case VolumeStep::kProvision:
      return provision(*claim);
    case VolumeStep::kExpand:
      return expand(*volume, *claim);
    case VolumeStep::kReclaim:
      return reclaim(std::move(name));
    case VolumeStep::kLetGo:
      return let_go(*volume);
    case VolumeStep::kLookAround:
      return look_around(std::move(name));
  }
  return nothing();
}

// ---- Making

Task<Result<>> LocalProvisioner::provision(KnownClaim claim) {
  const std::string name = provisioned_name(claim.ref.uid);
  const std::string class_name = claim.storage_class;
  const auto made = co_await make(claim);
  if (made) {
    troubles_.erase(name);
    if (*made) {
      tell(claim, false, "ProvisioningSucceeded", "Provisioning",
           "Successfully provisioned volume " + name);
    }
    co_return Result<>();
  }
  const std::string why = made.error().message();
  troubles_[name] = why;
  tell(claim, true, "ProvisioningFailed", "Provisioning",
       "failed to provision volume with StorageClass \"" + class_name + "\": " + why);
  spdlog::warn("claim {}: {}", name_of(claim.ref), why);
  co_return made.error();
}

Task<Result<bool>> LocalProvisioner::make(KnownClaim claim) {
  const kube::ObjectRef ref{kube::kStorageClasses, "", claim.storage_class, ""};
  CO_TRY(const Json object, co_await context_.client.get(ref));
  const KnownClass storage_class = read_class(object);
  if (storage_class.provisioner != api::kLocalProvisioner) co_return false;
  CO_TRY(NewVolume wanted, new_volume(claim, storage_class));
  const std::string name = provisioned_name(claim.ref.uid);
  on_disk_.insert_or_assign(name, claim.ref);
  auto create = [this, name, wanted] { return context_.volumes.create(name, wanted); };
  CO_TRY(const VolumeRecord made, co_await offload(context_.disk_pool, create));
  Json volume = volume_object(claim, storage_class, made, context_.node_name);
  CO_CHECK_OK(co_await publish(std::move(claim), std::move(volume)));
  co_return true;
}

Task<Result<>> LocalProvisioner::publish(KnownClaim claim, Json object) {
  const std::string name = provisioned_name(claim.ref.uid);
  const kube::ObjectRef all{kube::kPersistentVolumes, "", "", ""};
  auto made = co_await context_.client.create(all, std::move(object));
  if (!made && made.error().code() == Code::kAlreadyExists) {
    // A life before this one has made it and did not hear so; or another node has.
    made = co_await context_.client.get(volume_ref(name));
  }
  if (!made) co_return std::move(made.error());
  KnownVolume volume = read_volume(*made);
  if (volume.claim.uid != claim.ref.uid || !is_of_node(volume, context_.node_name)) {
    co_return Error(Code::kAlreadyExists, "there is another persistentvolume \"" + name + "\"");
  }
  context_.storage.take(std::move(volume));
  co_return Result<>();
}

// ---- Growing

Task<Result<>> LocalProvisioner::expand(KnownVolume volume, KnownClaim claim) {
  const auto grown = co_await grow(volume, claim);
  if (!grown) {
    tell(claim, true, "VolumeResizeFailed", "Resizing",
         "resize volume \"" + volume.name + "\" failed: " + grown.error().message());
    co_return grown.error();
  }
  if (!*grown) {
    tell(claim, false, "FileSystemResizeRequired", "Resizing",
         "Require file system resize of volume on node");
    co_return Error(Code::kUnavailable, volume.name + " grows when it is mounted the next time");
  }
  tell(claim, false, "VolumeResizeSuccessful", "Resizing", "Resize volume succeeded");
  co_return Result<>();
}

Task<Result<bool>> LocalProvisioner::grow(KnownVolume volume, KnownClaim claim) {
  const int64_t size = std::max(claim.requested, volume.capacity);
  auto expand = [this, name = volume.name, size] { return context_.volumes.expand(name, size); };
  CO_TRY(const bool is_grown, co_await offload(context_.disk_pool, expand));
  if (size > volume.capacity) {
    Json patch{{"metadata", {{"uid", volume.uid}}},
               {"spec", {{"capacity", {{"storage", claim.request}}}}}};
    CO_TRY(const Json answer,
           co_await context_.client.merge_patch(volume_ref(volume.name), std::move(patch)));
    context_.storage.take(read_volume(answer));
  }
  CO_CHECK_OK(co_await tell_size(claim, size, is_grown));
  co_return is_grown;
}

Task<Result<>> LocalProvisioner::tell_size(KnownClaim claim, int64_t size, bool is_grown) {
  if (!is_grown && waits_for_resize(claim)) co_return Result<>();
  Json status = resize_status(claim, size, is_grown, context_.clock.wall());
  // Over the version that was seen: the status of a claim is written whatever uid is named.
  Json patch{{"metadata", {{"resourceVersion", claim.version}}}, {"status", std::move(status)}};
  const kube::ObjectRef ref = claim_ref(claim.ref, "status");
  const auto told = co_await context_.client.merge_patch(ref, std::move(patch));
  if (!told) co_return told.error();
  co_return Result<>();
}

// ---- Removing

Task<Result<>> LocalProvisioner::reclaim(std::string name) {
  CO_TRY(const auto object, where_found(co_await context_.client.get(volume_ref(name))));
  if (!object) co_return Result<>();
  KnownVolume volume = read_volume(*object);
  if (!is_node_volume(volume) || !is_of_node(volume, context_.node_name) ||
      !is_to_be_reclaimed(volume)) {
    co_return Result<>();
  }
  CO_CHECK_OK(co_await remove_disk(name));
  const std::string uid = volume.uid;
  CO_CHECK_OK(co_await let_go(std::move(volume)));
  const auto removed = co_await context_.client.remove(volume_ref(name), uid);
  if (!removed && removed.error().code() != Code::kNotFound) co_return removed.error();
  spdlog::info("volume {} is reclaimed", name);
  co_return Result<>();
}

Task<Result<>> LocalProvisioner::remove_disk(std::string name) {
  auto remove = [this, name]() -> Result<> {
    TRY(const bool used, context_.sandboxes.is_in_use(name));
    if (used) return Error(Code::kUnavailable, "volume " + name + " is in use by a Sandbox");
    return context_.volumes.remove(name);
  };
  CO_CHECK_OK(co_await offload(context_.disk_pool, remove));
  on_disk_.erase(name);
  co_return Result<>();
}

Task<Result<>> LocalProvisioner::let_go(KnownVolume volume) {
  auto finalizers = volume.finalizers;
  if (std::erase(finalizers, api::kVolumeFinalizer) == 0) co_return Result<>();
  Json patch{{"metadata", {{"resourceVersion", volume.version}, {"finalizers", finalizers}}}};
  auto patched = co_await context_.client.merge_patch(volume_ref(volume.name), std::move(patch));
  if (!patched && patched.error().code() != Code::kNotFound) co_return patched.error();
  if (patched) context_.storage.take(read_volume(*patched));
  co_return Result<>();
}

// Where data were put into it nobody takes it away: its PersistentVolume was retained, or removed
// by force.
Task<Result<>> LocalProvisioner::look_around(std::string name) {
  CO_TRY(const bool wanted, co_await is_wanted(name));
  if (wanted) co_return Result<>();
  auto remove = [this, name] { return context_.volumes.remove_unused(name); };
  CO_TRY(const bool removed, co_await offload(context_.disk_pool, remove));
  if (removed) {
    spdlog::info("volume {} was made for a claim that is gone: removed", name);
    on_disk_.erase(name);
  } else {
    spdlog::warn("volume {} has data and no persistentvolume: kept", name);
  }
  co_return Result<>();
}

Task<Result<bool>> LocalProvisioner::is_wanted(std::string name) {
  CO_TRY(const auto volume, where_found(co_await context_.client.get(volume_ref(name))));
  if (volume) co_return is_of_node(read_volume(*volume), context_.node_name);
  const auto found = on_disk_.find(name);
  if (found == on_disk_.end()) co_return true;
  const ClaimReference ref = found->second;
  CO_TRY(const auto object, where_found(co_await context_.client.get(claim_ref(ref))));
  if (!object) co_return false;
  const KnownClaim claim = read_claim(*object);
  const bool is_the_same = claim.ref.uid == ref.uid;
  co_return is_the_same && (claim.volume == name || claim.selected_node == context_.node_name);
}

void LocalProvisioner::tell(const KnownClaim& claim, bool warning, const std::string& reason,
                            const std::string& action, const std::string& note) {
  const kube::EventSubject subject{"v1", "PersistentVolumeClaim", claim.ref.namespace_,
                                   claim.ref.name, claim.ref.uid};
  context_.events.record(subject, {warning, reason, action, note});
}

}  // namespace sandboxlet::agent
