#include "agent/claims/node_storage.h"

#include <spdlog/spdlog.h>

#include "api/storage.h"
#include "kube/fields.h"
#include "kube/resource_version.h"

namespace sandboxlet::agent {

namespace {

using Json = nlohmann::json;

kube::Selection labelled(kube::Resource resource, const std::string& node) {
  return {resource, "", "", std::string(api::kNodeLabel) + "=" + api::node_label_value(node)};
}

std::function<void(bool, const std::string&)> tell_connection(const char* what) {
  return [what](bool is, const std::string& why) {
    if (is) {
      spdlog::info("{}: followed", what);
    } else {
      spdlog::warn("{}: {}", what, why);
    }
  };
}

}  // namespace

NodeStorage::NodeStorage(asio::io_context& io, Clock& clock, kube::Http& streams,
                         const std::string& node)
    : clock_(clock),
      claims_informer_(io, clock, streams, labelled(kube::kPersistentVolumeClaims, node),
                       kube::Informer::Key::kUid,
                       {[this](const Json& object) { set_claim(object); },
                        [this](const std::string& uid) { remove_claim(uid); }, [this] { synced(); },
                        tell_connection("claims")}),
      volumes_informer_(io, clock, streams, labelled(kube::kPersistentVolumes, node),
                        kube::Informer::Key::kName,
                        {[this](const Json& object) { take(read_volume(object)); },
                         [this](const std::string& name) { remove_volume(name); },
                         [this] { synced(); }, tell_connection("volumes")}) {}

bool NodeStorage::has_synced() const {
  return claims_informer_.has_synced() && volumes_informer_.has_synced();
}

void NodeStorage::synced() {
  if (has_synced() && on_sync) on_sync();
}

// ---- What is known

const KnownVolume* NodeStorage::volume(const std::string& name) const {
  const auto found = volumes_.find(name);
  return found == volumes_.end() ? nullptr : &found->second;
}

const KnownClaim* NodeStorage::claim_for(const std::string& volume) const {
  const KnownVolume* const known = this->volume(volume);
  std::string uid = known == nullptr ? "" : known->claim.uid;
  if (known == nullptr && volume.starts_with(api::kProvisionedVolumePrefix))
    uid = volume.substr(sizeof api::kProvisionedVolumePrefix - 1);
  const auto found = claims_.find(uid);
  return found == claims_.end() ? nullptr : &found->second;
}

const KnownClaim* NodeStorage::claim(const std::string& namespace_, const std::string& name) const {
  const auto uid = claim_uids_.find({namespace_, name});
  return uid == claim_uids_.end() ? nullptr : &claims_.at(uid->second);
}

// ---- What is shown

void NodeStorage::set_claim(const Json& object) {
  KnownClaim claim = read_claim(object);
  const std::string volume = volume_of(claim);
  const std::string uid = claim.ref.uid;
  claim_uids_[{claim.ref.namespace_, claim.ref.name}] = uid;
  claims_.insert_or_assign(uid, std::move(claim));
  claims_changed_.notify();
  if (on_change) on_change(volume);
}

void NodeStorage::remove_claim(const std::string& uid) {
  const auto found = claims_.find(uid);
  if (found == claims_.end()) return;
  const std::string volume = volume_of(found->second);
  const auto name = claim_uids_.find({found->second.ref.namespace_, found->second.ref.name});
  // Another of its name may be there by now.
  if (name != claim_uids_.end() && name->second == uid) claim_uids_.erase(name);
  claims_.erase(found);
  claims_changed_.notify();
  if (on_change) on_change(volume);
}

void NodeStorage::take(KnownVolume volume) {
  const std::string name = volume.name;
  const auto known = volumes_.find(name);
  if (known != volumes_.end() && kube::is_newer(known->second.version, volume.version)) return;
  volumes_.insert_or_assign(name, std::move(volume));
  if (on_change) on_change(name);
}

void NodeStorage::remove_volume(const std::string& name) {
  volumes_.erase(name);
  if (on_change) on_change(name);
}

}  // namespace sandboxlet::agent
