#pragma once

#include <memory>
#include <string>

#include "agent/claims/local_provisioner.h"
#include "agent/claims/node_storage.h"
#include "agent/sandbox/volume_claims.h"
#include "kube/client.h"

namespace sandboxlet::agent {

// Finds what is behind a Sandbox's claims: asks the API server, and where the claim is on its way,
// waits for what that shows of it. Belongs to the core thread; outlives all calls under way.
class ClusterClaims final : public VolumeClaims {
 public:
  // All outlive it.
  ClusterClaims(kube::Client& client, Clock& clock, NodeStorage& storage,
                const LocalProvisioner& provisioner, std::string node_name)
      : client_(client),
        clock_(clock),
        storage_(storage),
        provisioner_(provisioner),
        node_name_(std::move(node_name)) {}

  Task<Result<PersistentVolume>> find(std::shared_ptr<const api::Sandbox> sandbox,
                                      std::string claim) override;

 private:
  // As the API server has it. A Sandbox's own is protected from before its binding on, so what was
  // shown of that is it.
  Task<Result<KnownClaim>> know_claim(std::shared_ptr<const api::Sandbox> sandbox,
                                      std::string name);
  Task<Result<PersistentVolume>> volume_of_bound(KnownClaim claim);
  // Answers when there is reason to ask again, or when the time is over.
  Task<void> until_shown(std::string namespace_, std::string name, std::string uid, TimePoint end);
  // What has been shown of the claim that was asked for: of a volume of this node it is as good as
  // an answer, as nobody else takes that away. nullptr where it is not bound to such a one.
  const KnownVolume* shown_volume(const KnownClaim& claim) const;
  // With what the provisioner knows of it.
  Error explained(const Error& error, const std::string& namespace_, const std::string& name) const;

  kube::Client& client_;
  Clock& clock_;
  NodeStorage& storage_;
  const LocalProvisioner& provisioner_;
  const std::string node_name_;
};

}  // namespace sandboxlet::agent
