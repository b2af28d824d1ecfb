#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "scheduler-shim/claim_info.h"
#include "scheduler-shim/pool.h"
#include "scheduler-shim/sandbox_ref.h"

namespace sandboxlet::storage {

using Json = nlohmann::json;

// What of a Sandbox counts for its claims, and no more: one is kept of each that has any.
struct ClaimUser {
  scheduler::SandboxRef sandbox;
  std::string version;
  std::vector<scheduler::PodClaim> claims;
  // spec.volumeClaimTemplates as JSON text; shared, because those of many are equal.
  std::shared_ptr<const std::string> templates;
  bool is_deleting = false;
  bool is_held_by_node = false;
  bool has_ended = false;
  std::string node;

  // From its creation until it is gone, or its agent has torn it down: what is deleted in the
  // foreground waits for its claims.
  bool uses_claims() const { return !is_deleting || is_held_by_node; }
  bool makes_claims() const { return !is_deleting && !has_ended; }
  bool owns(const std::string& claim) const;
};

using TemplatePool = scheduler::Pool<std::string>;

// Without claims where it has none; what cannot be read is as if it were not there.
ClaimUser read_claim_user(const Json& sandbox, TemplatePool& templates);

// The claim of that name, as it is made of its template: with upstream's labels and the Sandbox as
// its controller (agent-sandbox: reconcilePVCs), and protected from its first moment on. null where
// there is no such template.
Json new_claim(const ClaimUser& user, const std::string& name);

}  // namespace sandboxlet::storage
