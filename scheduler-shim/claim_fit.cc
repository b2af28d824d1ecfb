#include "scheduler-shim/claim_fit.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/storage.h"
#include "scheduler-shim/name_hash.h"

namespace sandboxlet::scheduler {

namespace {

enum class Ownership { kOwn, kToBeAdopted, kAnothers };

// Upstream's rules (agent-sandbox: reconcilePVCs).
Ownership ownership(const PodInfo& pod, const ClaimInfo& claim) {
  if (claim.controller_uid == pod.uid) return Ownership::kOwn;
  const bool is_adoptable = claim.controller_uid.empty() &&
                            (claim.is_adoptable || claim.name_hash == name_hash(pod.name));
  return is_adoptable ? Ownership::kToBeAdopted : Ownership::kAnothers;
}

std::string refusal_of_own(const PodClaim& own, const ClaimInfo& claim) {
  if (claim.controller.empty()) {
    return fmt::format(
        "persistentvolumeclaim \"{}\" exists and has no label that lets this Sandbox adopt it",
        own.name);
  }
  return fmt::format("persistentvolumeclaim \"{}\" is controlled by {}, not by this Sandbox",
                     own.name, claim.controller);
}

// Only a node that there is yet is lacking to it.
bool waits_for_node(const ClaimInfo& claim, const VolumeIndex& volumes) {
  const StorageClassInfo* const storage_class = volumes.class_of(claim);
  return claim.volume_name.empty() && storage_class != nullptr && storage_class->waits_for_node();
}

std::string refusal_of(const PodInfo& pod, const PodClaim& used, const ClaimInfo& claim,
                       const VolumeIndex& volumes) {
  if (used.is_own && ownership(pod, claim) == Ownership::kAnothers) {
    return refusal_of_own(used, claim);
  }
  if (claim.is_lost) {
    return fmt::format("persistentvolumeclaim \"{}\" bound to non-existent persistentvolume \"{}\"",
                       claim.name, claim.volume_name);
  }
  if (claim.is_deleting) {
    return fmt::format("persistentvolumeclaim \"{}\" is being deleted", claim.name);
  }
  if (claim.is_bound || waits_for_node(claim, volumes)) return "";
  return "pod has unbound immediate PersistentVolumeClaims";
}

std::string refusal_of_missing(const std::string& key, const PodClaim& used,
                               const VolumeIndex& volumes) {
  if (!used.is_own) return fmt::format("persistentvolumeclaim \"{}\" not found", used.name);
  const std::string& why = volumes.refusal_of(key);
  if (why.empty()) return "";
  return fmt::format("persistentvolumeclaim \"{}\" cannot be made: {}", used.name, why);
}

}  // namespace

ClaimsState state_of_claims(const PodInfo& pod, const VolumeIndex& volumes) {
  ClaimsState state;
  if (!pod.claims) return state;
  for (const PodClaim& used : *pod.claims) {
    const std::string key = claim_key(pod.identity->namespace_, used.name);
    const ClaimInfo* const claim = volumes.claim(key);
    const bool is_missing = claim == nullptr || claim->is_planned;
    std::string refusal = is_missing ? refusal_of_missing(key, used, volumes)
                                     : refusal_of(pod, used, *claim, volumes);
    if (!refusal.empty()) return {.refusal = std::move(refusal)};
    const bool is_here = claim != nullptr && claim->is_protected &&
                         (!used.is_own || ownership(pod, *claim) == Ownership::kOwn);
    state.is_coming = state.is_coming || !is_here;
    state.is_planned = state.is_planned && (is_here || (claim != nullptr && claim->is_planned));
  }
  return state;
}

ClaimFit::ClaimFit(const PodInfo& pod, const VolumeIndex& volumes) : index_(volumes) {
  for (const PodClaim& used : *pod.claims) {
    const ClaimInfo* const claim = volumes.claim(claim_key(pod.identity->namespace_, used.name));
    if (claim == nullptr) continue;
    if (!claim->is_bound) {
      unbound_.push_back(
          {claim, volumes.class_of(*claim), volumes.node_of(*claim), volumes.volumes_for(*claim)});
    } else if (const VolumeInfo* const volume = volumes.volume(claim->volume_name)) {
      bound_.push_back(volume);
    } else {
      is_volume_missing_ = true;
    }
  }
  std::stable_sort(unbound_.begin(), unbound_.end(), [](const Unbound& left, const Unbound& right) {
    return left.claim->request < right.claim->request;
  });
}

ClaimFit::Verdict ClaimFit::check(const NodeInfo& node, Choice* choice) const {
  Verdict verdict;
  Choice chosen;
  verdict.is_volume_missing = is_volume_missing_;
  verdict.is_other_node = std::any_of(bound_.begin(), bound_.end(), [&](const VolumeInfo* one) {
    return !selects_any_of(one->node_terms, node);
  });
  check_unbound(node, verdict, chosen);
  if (choice != nullptr) *choice = std::move(chosen);
  return verdict;
}

void ClaimFit::check_unbound(const NodeInfo& node, Verdict& verdict, Choice& choice) const {
  int64_t needed = 0;
  for (const Unbound& one : unbound_) {
    // What it takes there is counted.
    if (one.node == node.name) continue;
    const VolumeInfo* const volume = choose(one, node, choice);
    if (volume != nullptr) {
      choice.emplace_back(one.claim->key(), volume->name);
    } else if (!can_be_made(one, node)) {
      verdict.has_no_volume = true;
    } else if (one.storage_class->is_local()) {
      needed += one.claim->request;
    }
  }
  const int64_t has = node.allocatable.extended_amount(api::kLocalStorageResource);
  verdict.has_no_room = needed > 0 && needed > has - index_.local_bytes(node.name);
}

const VolumeInfo* ClaimFit::choose(const Unbound& one, const NodeInfo& node, const Choice& choice) {
  if (!one.node.empty()) return nullptr;
  const auto found =
      std::find_if(one.volumes.begin(), one.volumes.end(), [&](const VolumeInfo* volume) {
        const bool is_chosen = std::any_of(choice.begin(), choice.end(), [&](const auto& other) {
          return other.second == volume->name;
        });
        return !is_chosen && selects_any_of(volume->node_terms, node);
      });
  return found == one.volumes.end() ? nullptr : *found;
}

bool ClaimFit::can_be_made(const Unbound& one, const NodeInfo& node) {
  return one.node.empty() && one.storage_class != nullptr && one.storage_class->provisions() &&
         selects_any_of(one.storage_class->node_terms, node);
}

}  // namespace sandboxlet::scheduler
