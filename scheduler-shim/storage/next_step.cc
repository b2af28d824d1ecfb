#include "scheduler-shim/storage/next_step.h"

#include <algorithm>

#include "api/storage.h"
#include "kube/fields.h"
#include "scheduler-shim/name_hash.h"

namespace sandboxlet::storage {

namespace {

// Kubernetes' own: a volume that may be let go of again, as nobody chose it by its name
// (component-helpers: AnnBoundByController).
constexpr char kBoundByController[] = "pv.kubernetes.io/bound-by-controller";

bool is_adoptable_by(const scheduler::ClaimInfo& claim, const ClaimUser& user) {
  return claim.controller_uid.empty() && !claim.is_deleting &&
         (claim.is_adoptable || claim.name_hash == scheduler::name_hash(user.sandbox.name));
}

// Whether what it names is what it may have: of a claim that is to be its own, one that is not is
// somebody else's.
bool may_use(const scheduler::ClaimInfo& claim, const ClaimUser& user) {
  return !user.owns(claim.name) || claim.controller_uid == user.sandbox.uid;
}

template <class Is>
const ClaimUser* find(const Situation& now, const Is& is) {
  const auto found = std::find_if(now.users.begin(), now.users.end(),
                                  [&](const ClaimUser* one) { return is(*one); });
  return found == now.users.end() ? nullptr : *found;
}

bool is_in_use(const Situation& now) {
  return find(now, [&](const ClaimUser& one) {
           return one.uses_claims() && may_use(*now.claim, one);
         }) != nullptr;
}

bool waits_for_node(const Situation& now) {
  if (now.claim == nullptr || now.storage_class == nullptr) return false;
  const scheduler::ClaimInfo& claim = *now.claim;
  return !claim.is_bound && !claim.is_lost && !claim.is_deleting && claim.volume_name.empty() &&
         now.storage_class->waits_for_node();
}

std::optional<Step> next_volume(const Situation& now) {
  if (now.is_node_gone && is_left_to_its_node(now)) return Step{StepKind::kDeselectNode};
  const ClaimUser* const user = awaited_by(now);
  if (user == nullptr) return std::nullopt;
  const scheduler::ClaimInfo& claim = *now.claim;
  if (now.volume != nullptr) {
    if (now.volume->claim_uid == claim.uid) return std::nullopt;
    return Step{StepKind::kBindVolume, user};
  }
  if (!now.storage_class->provisions()) return std::nullopt;
  if (!claim.selected_node.empty() && claim.is_labelled) return std::nullopt;
  return Step{StepKind::kSelectNode, user};
}

Json patch_of(const Json& object, Json metadata) {
  const Json& before = object["metadata"];
  metadata["uid"] = before["uid"];
  metadata["resourceVersion"] = before["resourceVersion"];
  return {{"metadata", std::move(metadata)}};
}

Json finalizers_with_ours(const Json& claim) {
  Json finalizers = claim["metadata"].value("finalizers", Json::array());
  const bool is_there =
      std::find(finalizers.begin(), finalizers.end(), api::kClaimFinalizer) != finalizers.end();
  if (!is_there) finalizers.push_back(api::kClaimFinalizer);
  return finalizers;
}

}  // namespace

const ClaimUser* awaited_by(const Situation& now) {
  if (!waits_for_node(now)) return nullptr;
  return find(now, [&](const ClaimUser& one) {
    return !one.node.empty() && one.makes_claims() && may_use(*now.claim, one);
  });
}

bool is_left_to_its_node(const Situation& now) {
  if (!waits_for_node(now) || now.claim->selected_node.empty()) return false;
  return find(now, [](const ClaimUser& one) { return !one.node.empty(); }) == nullptr;
}

std::optional<Step> next_step(const Situation& now) {
  const ClaimUser* const maker =
      find(now, [&](const ClaimUser& one) { return one.makes_claims() && one.owns(now.name); });
  if (now.claim == nullptr) {
    if (maker == nullptr) return std::nullopt;
    return Step{StepKind::kCreate, maker};
  }
  const scheduler::ClaimInfo& claim = *now.claim;
  const ClaimUser* const adopter = find(now, [&](const ClaimUser& one) {
    return one.makes_claims() && one.owns(now.name) && is_adoptable_by(claim, one);
  });
  if (adopter != nullptr) return Step{StepKind::kAdopt, adopter};
  const bool is_in_use = storage::is_in_use(now);
  if (is_in_use && !claim.is_protected && !claim.is_deleting) return Step{StepKind::kProtect};
  if (!is_in_use && claim.is_protected) return Step{StepKind::kRelease};
  return next_volume(now);
}

Json adopt_patch(const Json& claim, const scheduler::SandboxRef& sandbox) {
  Json owners = claim["metadata"].value("ownerReferences", Json::array());
  owners.push_back(scheduler::owner_reference(sandbox));
  return patch_of(
      claim, {{"ownerReferences", std::move(owners)}, {"finalizers", finalizers_with_ours(claim)}});
}

Json protect_patch(const Json& claim) {
  return patch_of(claim, {{"finalizers", finalizers_with_ours(claim)}});
}

Json release_patch(const Json& claim) {
  return kube::without_finalizer(claim, api::kClaimFinalizer);
}

// Kubernetes' own controller would write the provisioner's annotations next: with ours it need not.
Json on_node(const scheduler::StorageClassInfo& storage_class, const std::string& node) {
  Json annotations{{api::kSelectedNodeAnnotation, node}};
  if (storage_class.is_local()) {
    annotations[api::kProvisionerAnnotation] = storage_class.provisioner;
    annotations[api::kBetaProvisionerAnnotation] = storage_class.provisioner;
  }
  return {{"annotations", std::move(annotations)},
          {"labels", {{api::kNodeLabel, api::node_label_value(node)}}}};
}

Json select_node_patch(const scheduler::ClaimInfo& claim,
                       const scheduler::StorageClassInfo& storage_class, const std::string& node) {
  Json metadata = on_node(storage_class, claim.selected_node.empty() ? node : claim.selected_node);
  metadata["uid"] = claim.uid;
  metadata["resourceVersion"] = claim.resource_version;
  return {{"metadata", std::move(metadata)}};
}

Json deselect_node_patch(const scheduler::ClaimInfo& claim) {
  return {{"metadata",
           {{"uid", claim.uid},
            {"resourceVersion", claim.resource_version},
            {"annotations", {{api::kSelectedNodeAnnotation, nullptr}}},
            {"labels", {{api::kNodeLabel, nullptr}}}}}};
}

Json bind_volume_patch(const scheduler::VolumeInfo& volume, const scheduler::ClaimInfo& claim) {
  return {{"metadata",
           {{"resourceVersion", volume.resource_version},
            {"annotations", {{kBoundByController, "yes"}}}}},
          {"spec",
           {{"claimRef",
             {{"apiVersion", "v1"},
              {"kind", "PersistentVolumeClaim"},
              {"namespace", claim.namespace_},
              {"name", claim.name},
              {"uid", claim.uid},
              {"resourceVersion", claim.resource_version}}}}}};
}

}  // namespace sandboxlet::storage
