#include "scheduler-shim/volume_index.h"

#include <algorithm>

#include "api/storage.h"

namespace sandboxlet::scheduler {

namespace {

const std::string kNone;

template <class Map>
auto* find(Map& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

// A volume that some claim may be bound to still.
bool is_free(const VolumeInfo& volume) {
  return !volume.is_deleting &&
         (volume.is_available || (!volume.claim_name.empty() && volume.claim_uid.empty()));
}

bool is_kept_for(const VolumeInfo& volume, const ClaimInfo& claim) {
  return volume.claim_name == claim.name && volume.claim_namespace == claim.namespace_ &&
         (volume.claim_uid.empty() || volume.claim_uid == claim.uid);
}

// As the local provisioner names it (external-provisioner does too).
std::string made_volume_name(const ClaimInfo& claim) {
  return api::kProvisionedVolumePrefix + claim.uid;
}

}  // namespace

// ---- What the API server has

Wakes VolumeIndex::set_claim(ClaimInfo claim) {
  const std::string key = claim.key();
  refusals_.erase(key);
  if (claim.is_bound) free_reservation(key);
  claims_[key] = std::move(claim);
  return recount(key) ? kVolumesChanged : kNothing;
}

Wakes VolumeIndex::remove_claim(const std::string& key) {
  if (claims_.erase(key) == 0) return kNothing;
  free_reservation(key);
  return recount(key) ? kVolumesChanged : kNothing;
}

void VolumeIndex::plan_claim(ClaimInfo claim) {
  const std::string key = claim.key();
  claim.is_planned = true;
  claim.is_protected = false;
  if (claims_.try_emplace(key, std::move(claim)).second) recount(key);
}

Wakes VolumeIndex::give_up_claim(const std::string& key) {
  const ClaimInfo* const known = claim(key);
  return known != nullptr && known->is_planned ? remove_claim(key) : kNothing;
}

Wakes VolumeIndex::set_volume(VolumeInfo volume) {
  VolumeInfo& now = volumes_[volume.name];
  const bool was_free = is_free(now);
  if (was_free) free_[now.class_name].erase(now.name);
  const int64_t before = bytes_at(volume.local_node);
  count_local({now.local_node, now.capacity}, -1);
  now = std::move(volume);
  count_local({now.local_node, now.capacity}, 1);
  if (is_free(now)) free_[now.class_name].insert(now.name);
  // What was to be made is there.
  recount(claim_key(now.claim_namespace, now.claim_name));
  const bool has_more_room = bytes_at(now.local_node) < before;
  return has_more_room || (is_free(now) && !was_free) ? kVolumesChanged : kNothing;
}

Wakes VolumeIndex::remove_volume(const std::string& name) {
  const auto gone = volumes_.extract(name);
  if (!gone) return kNothing;
  const VolumeInfo& volume = gone.mapped();
  if (is_free(volume)) free_[volume.class_name].erase(name);
  count_local({volume.local_node, volume.capacity}, -1);
  if (const std::string* const key = find(reservations_, name)) {
    free_reservation(std::string(*key));
  }
  recount(claim_key(volume.claim_namespace, volume.claim_name));
  return volume.local_node.empty() ? kNothing : kVolumesChanged;
}

Wakes VolumeIndex::set_class(const std::string& name, StorageClassInfo info) {
  const auto [known, is_new] = classes_.try_emplace(name);
  if (!is_new && known->second == info) return kNothing;
  known->second = std::move(info);
  return recount_class(name);
}

Wakes VolumeIndex::remove_class(const std::string& name) {
  return classes_.erase(name) == 0 ? kNothing : recount_class(name);
}

Wakes VolumeIndex::recount_class(const std::string& name) {
  for (const auto& [key, claim] : claims_) {
    if (claim.class_name == name) recount(key);
  }
  return kVolumesChanged;
}

const ClaimInfo* VolumeIndex::claim(const std::string& key) const { return find(claims_, key); }

const VolumeInfo* VolumeIndex::volume(const std::string& name) const {
  return find(volumes_, name);
}

const StorageClassInfo* VolumeIndex::class_of(const ClaimInfo& claim) const {
  return find(classes_, claim.class_name);
}

std::vector<std::string> VolumeIndex::protected_claims() const {
  std::vector<std::string> keys;
  for (const auto& [key, claim] : claims_) {
    if (claim.is_protected) keys.push_back(key);
  }
  return keys;
}

const std::string& VolumeIndex::refusal_of(const std::string& key) const {
  const std::string* const why = find(refusals_, key);
  return why == nullptr ? kNone : *why;
}

// ---- Who uses a claim

void VolumeIndex::enter(const std::string& key, const std::string& sandbox,
                        const std::string& node) {
  users_[key].push_back({sandbox, node});
  recount(key);
}

void VolumeIndex::leave(const std::string& key, const std::string& sandbox,
                        const std::string& node) {
  const auto found = users_.find(key);
  auto& users = found->second;
  users.erase(std::find(users.begin(), users.end(), User{sandbox, node}));
  if (users.empty()) {
    users_.erase(found);
    free_reservation(key);
  }
  recount(key);
}

bool VolumeIndex::has_other_user(const std::string& key, const std::string& sandbox) const {
  const auto* const users = find(users_, key);
  return users != nullptr && std::any_of(users->begin(), users->end(),
                                         [&](const User& one) { return one.sandbox != sandbox; });
}

// ---- Unbound claims

const std::string& VolumeIndex::node_of(const ClaimInfo& claim) const {
  if (!claim.selected_node.empty()) return claim.selected_node;
  const auto* const users = find(users_, claim.key());
  return users == nullptr ? kNone : users->front().node;
}

bool VolumeIndex::could_be_bound(const ClaimInfo& claim, const VolumeInfo& volume) const {
  const std::string* const kept = find(reservations_, volume.name);
  if (kept != nullptr && *kept != claim.key()) return false;
  if (!volume.claim_name.empty() && !is_kept_for(volume, claim)) return false;
  return volume.is_block == claim.is_block && volume.capacity >= claim.request &&
         (claim.access_modes & ~volume.access_modes) == 0 &&
         (!volume.claim_name.empty() || matches(claim.selector, volume.labels));
}

std::vector<const VolumeInfo*> VolumeIndex::volumes_for(const ClaimInfo& claim) const {
  std::vector<const VolumeInfo*> volumes;
  const auto* const free = find(free_, claim.class_name);
  if (free == nullptr) return volumes;
  for (const std::string& name : *free) {
    const VolumeInfo& volume = volumes_.at(name);
    if (could_be_bound(claim, volume)) volumes.push_back(&volume);
  }
  const std::string& kept = reserved_for(claim.key());
  std::stable_sort(volumes.begin(), volumes.end(), [&](const auto* left, const auto* right) {
    const auto rank = [&](const VolumeInfo& one) {
      return std::pair(one.claim_name.empty() && one.name != kept, one.capacity);
    };
    return rank(*left) < rank(*right);
  });
  return volumes;
}

void VolumeIndex::reserve(const std::string& volume, const std::string& key) {
  free_reservation(key);
  reservations_[volume] = key;
  reserved_[key] = volume;
  recount(key);
}

const std::string& VolumeIndex::reserved_for(const std::string& key) const {
  const std::string* const volume = find(reserved_, key);
  return volume == nullptr ? kNone : *volume;
}

void VolumeIndex::free_reservation(const std::string& key) {
  const auto volume = reserved_.extract(key);
  if (volume) reservations_.erase(volume.mapped());
}

// ---- Room on nodes

int64_t VolumeIndex::bytes_at(const std::string& label) const {
  const int64_t* const bytes = find(local_bytes_, label);
  return bytes == nullptr ? 0 : *bytes;
}

int64_t VolumeIndex::local_bytes(const std::string& node) const {
  return bytes_at(api::node_label_value(node));
}

bool VolumeIndex::has_volume(const ClaimInfo& claim) const {
  return volumes_.contains(claim.volume_name.empty() ? made_volume_name(claim) : claim.volume_name);
}

VolumeIndex::Share VolumeIndex::share_of(const std::string& key) const {
  const ClaimInfo* const known = claim(key);
  if (known == nullptr || known->is_lost || has_volume(*known)) return {};
  const StorageClassInfo* const storage_class = class_of(*known);
  if (storage_class == nullptr || !storage_class->is_local()) return {};
  if (!reserved_for(key).empty()) return {};
  return {api::node_label_value(node_of(*known)), known->request};
}

void VolumeIndex::count_local(const Share& share, int sign) {
  const auto& [node, bytes] = share;
  if (node.empty() || bytes == 0) return;
  const auto entry = local_bytes_.try_emplace(node, 0).first;
  entry->second += sign * bytes;
  if (entry->second == 0) local_bytes_.erase(entry);
}

bool VolumeIndex::recount(const std::string& key) {
  const auto entry = shares_.try_emplace(key).first;
  const Share before = entry->second;
  entry->second = share_of(key);
  const Share& after = entry->second;
  const bool has_more_room =
      !before.first.empty() && (before.first != after.first || before.second > after.second);
  count_local(before, -1);
  count_local(after, 1);
  if (after.first.empty()) shares_.erase(entry);
  return has_more_room;
}

}  // namespace sandboxlet::scheduler
