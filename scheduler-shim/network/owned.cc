#include "scheduler-shim/network/owned.h"

#include <algorithm>

#include "kube/fields.h"
#include "kube/resource_version.h"
#include "scheduler-shim/network/member.h"

namespace sandboxlet::network {

const KnownService* Owned::service(const std::string& name) const {
  const auto found = std::find_if(services.begin(), services.end(),
                                  [&](const auto& one) { return one.service.name == name; });
  return found == services.end() ? nullptr : &*found;
}

const KnownSlice* Owned::slice(const std::string& name) const {
  const auto found = std::find_if(slices.begin(), slices.end(),
                                  [&](const auto& one) { return one.slice.name == name; });
  return found == slices.end() ? nullptr : &*found;
}

scheduler::SandboxRef controller_of(const Json& object) {
  const Json& owners = member(member(object, "metadata"), "ownerReferences");
  for (const Json& owner : owners) {
    const Json& is_controller = member(owner, "controller");
    const std::string group = kube::text_at(owner, "/apiVersion");
    const bool is_sandbox = kube::text_at(owner, "/kind") == api::kSandboxKind &&
                            group.starts_with(kube::kSandboxes.group);
    if (!is_sandbox || !is_controller.is_boolean() || !is_controller.get<bool>()) continue;
    return {kube::text_at(object, "/metadata/namespace"), kube::text_at(owner, "/name"),
            kube::text_at(owner, "/uid")};
  }
  return {};
}

template <class Known>
std::string OwnedIndex::set(const Json& object, std::vector<Known> Owned::*list, Known known) {
  const scheduler::SandboxRef owner = controller_of(object);
  const auto before = owners_.find(known.uid);
  if (before != owners_.end() && before->second != owner.uid) return remove(known.uid);
  if (owner.uid.empty()) return "";
  owners_[known.uid] = owner.uid;
  Owned& owned = owned_[owner.uid];
  owned.sandbox = owner;
  auto& all = owned.*list;
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Known& one) { return one.uid == known.uid; });
  if (found == all.end()) {
    all.push_back(std::move(known));
  } else if (kube::is_newer(known.version, found->version)) {
    *found = std::move(known);
  }
  return owner.uid;
}

std::string OwnedIndex::set_service(const Json& object) {
  return set(object, &Owned::services, read_service(object, controller_of(object).name));
}

std::string OwnedIndex::set_slice(const Json& object) {
  return set(object, &Owned::slices, read_slice(object));
}

std::string OwnedIndex::remove(const std::string& uid) {
  const auto owner = owners_.extract(uid);
  if (!owner) return "";
  const auto found = owned_.find(owner.mapped());
  std::erase_if(found->second.services, [&](const auto& one) { return one.uid == uid; });
  std::erase_if(found->second.slices, [&](const auto& one) { return one.uid == uid; });
  if (found->second.services.empty() && found->second.slices.empty()) owned_.erase(found);
  return owner.mapped();
}

const Owned& OwnedIndex::of(const std::string& sandbox_uid) const {
  static const Owned nothing;
  const auto found = owned_.find(sandbox_uid);
  return found == owned_.end() ? nothing : found->second;
}

std::vector<std::string> OwnedIndex::sandboxes() const {
  std::vector<std::string> uids;
  for (const auto& [uid, owned] : owned_) uids.push_back(uid);
  return uids;
}

}  // namespace sandboxlet::network
