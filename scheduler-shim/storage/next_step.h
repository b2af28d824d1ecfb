#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "scheduler-shim/claim_info.h"
#include "scheduler-shim/storage/claim_user.h"

namespace sandboxlet::storage {

// All that decides what a claim needs.
struct Situation {
  // "data-box".
  std::string name;
  // Null where there is none of that name, or no class of that which it names.
  const scheduler::ClaimInfo* claim = nullptr;
  const scheduler::StorageClassInfo* storage_class = nullptr;
  // The Sandboxes that name it.
  std::vector<const ClaimUser*> users;
  // One that is there and free, kept for it; asked for where awaited_by() says so.
  const scheduler::VolumeInfo* volume = nullptr;
  // The selected node is not among the cluster's any more.
  bool is_node_gone = false;
};

enum class StepKind {
  kCreate,        // of its template
  kAdopt,         // becomes the Sandbox's own
  kProtect,       // our finalizer on
  kRelease,       // and off
  kSelectNode,    // on which its volume is to be made
  kDeselectNode,  // nothing will be made there, and no Sandbox is there
  kBindVolume,    // one that is there
};

struct Step {
  StepKind kind = StepKind::kCreate;
  // For whom; null where it is for nobody.
  const ClaimUser* user = nullptr;
};

// The Sandbox on a node that waits for the claim to have a volume there; null where none does.
const ClaimUser* awaited_by(const Situation& now);

// Whether its node is selected though no Sandbox waits for its volume there: when that node goes,
// another is to be selected.
bool is_left_to_its_node(const Situation& now);

// The first thing to do for it; nothing where all is as it should be. Pure.
std::optional<Step> next_step(const Situation& now);

// ---- What is written, each over the version of the object that was seen: merge patches.
// As the API server has it: of its owners and its finalizers all are written.
Json adopt_patch(const Json& claim, const scheduler::SandboxRef& sandbox);
Json protect_patch(const Json& claim);
Json release_patch(const Json& claim);
// Metadata of a claim of that class whose volume is to be on that node.
Json on_node(const scheduler::StorageClassInfo& storage_class, const std::string& node);
Json select_node_patch(const scheduler::ClaimInfo& claim,
                       const scheduler::StorageClassInfo& storage_class, const std::string& node);
Json deselect_node_patch(const scheduler::ClaimInfo& claim);
Json bind_volume_patch(const scheduler::VolumeInfo& volume, const scheduler::ClaimInfo& claim);

}  // namespace sandboxlet::storage
