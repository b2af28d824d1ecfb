#include "scheduler-shim/storage/volume_watch.h"

#include <spdlog/spdlog.h>

#include "kube/fields.h"
#include "kube/resource_version.h"
#include "scheduler-shim/read_claim_info.h"

namespace sandboxlet::storage {

namespace {

template <class Info>
bool is_known(const Info* known, const Info& read) {
  return known != nullptr && !kube::is_newer(read.resource_version, known->resource_version);
}

}  // namespace

VolumeWatch::VolumeWatch(const scheduler::ControllerContext& context) : context_(context) {
  follow(
      kube::kPersistentVolumeClaims, kube::Informer::Key::kUid,
      [this](const Json& object) { set_claim(object); },
      [this](const std::string& uid) { remove_claim(uid); });
  follow(
      kube::kPersistentVolumes, kube::Informer::Key::kName,
      [this](const Json& object) { set_volume(object); },
      [this](const std::string& name) { remove_volume(name); });
  follow(
      kube::kStorageClasses, kube::Informer::Key::kName,
      [this](const Json& object) { set_class(object); },
      [this](const std::string& name) { changed("", index_.remove_class(name)); });
}

void VolumeWatch::follow(kube::Resource resource, kube::Informer::Key key,
                         std::function<void(const Json& object)> set,
                         std::function<void(const std::string& key)> remove) {
  kube::Informer::Callbacks callbacks;
  callbacks.set = std::move(set);
  callbacks.remove = std::move(remove);
  callbacks.synced = [this] {
    for (const auto& [changed, synced] : listeners_) synced();
  };
  informers_[std::string(resource.plural)] =
      scheduler::follow(context_, resource, "", key, std::move(callbacks));
}

void VolumeWatch::listen(Changed changed, std::function<void()> synced) {
  listeners_.emplace_back(std::move(changed), std::move(synced));
}

void VolumeWatch::changed(const std::string& claim, scheduler::Wakes wakes) {
  for (const auto& [changed, synced] : listeners_) changed(claim, wakes);
}

void VolumeWatch::set_claim(const Json& object) {
  auto claim = scheduler::read_claim(object);
  if (!claim) return spdlog::warn("claim: {}", claim.error().message());
  const std::string key = claim->key();
  if (is_known(index_.claim(key), *claim)) return;
  claims_[claim->uid] = key;
  changed(key, index_.set_claim(std::move(*claim)));
}

void VolumeWatch::remove_claim(const std::string& uid) {
  const auto gone = claims_.extract(uid);
  if (!gone) return;
  const std::string& key = gone.mapped();
  // Another may have its name by now.
  const scheduler::ClaimInfo* const known = index_.claim(key);
  if (known == nullptr || known->uid != uid) return;
  changed(key, index_.remove_claim(key));
}

void VolumeWatch::set_volume(const Json& object) {
  auto volume = scheduler::read_volume(object);
  if (!volume) return spdlog::warn("volume: {}", volume.error().message());
  if (is_known(index_.volume(volume->name), *volume)) return;
  const std::string claim = scheduler::claim_key(volume->claim_namespace, volume->claim_name);
  changed(claim, index_.set_volume(std::move(*volume)));
}

void VolumeWatch::remove_volume(const std::string& name) {
  const scheduler::VolumeInfo* const known = index_.volume(name);
  if (known == nullptr) return;
  const std::string claim = scheduler::claim_key(known->claim_namespace, known->claim_name);
  changed(claim, index_.remove_volume(name));
}

void VolumeWatch::set_class(const Json& object) {
  auto info = scheduler::read_storage_class(object);
  if (!info) return spdlog::warn("storage class: {}", info.error().message());
  changed("", index_.set_class(kube::text_at(object, "/metadata/name"), std::move(*info)));
}

// What waits for room hears of it, and nobody who makes the claim.
void VolumeWatch::give_up(const std::string& claim) { changed("", index_.give_up_claim(claim)); }

void VolumeWatch::refuse(const std::string& claim, const std::string& why) {
  if (index_.refusal_of(claim) == why) return;
  index_.refuse(claim, why);
  changed(claim, scheduler::kNothing);
}

}  // namespace sandboxlet::storage
