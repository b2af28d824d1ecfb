#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "agent/claims/claim.h"
#include "agent/claims/persistent_volume.h"
#include "base/signal.h"
#include "kube/informer.h"

namespace sandboxlet::agent {

// The claims that this node is to make volumes for, or has made them for, and its volumes, as the
// API server shows them: all that bear the node's label. Belongs to the core thread; destroying it
// ends the watches.
class NodeStorage {
 public:
  // All outlive it. changed hears the name of each volume that something was shown of: itself or
  // the claim that it is for.
  NodeStorage(asio::io_context& io, Clock& clock, kube::Http& streams, const std::string& node);

  std::function<void(const std::string& volume)> on_change;
  // All there is has been shown.
  std::function<void()> on_sync;
  bool has_synced() const;

  // nullptr where none is known.
  const KnownVolume* volume(const std::string& name) const;
  // That the volume of that name is for, or is to be made for.
  const KnownClaim* claim_for(const std::string& volume) const;
  const KnownClaim* claim(const std::string& namespace_, const std::string& name) const;

  // What the API server has answered, which its watch may show later.
  void take(KnownVolume volume);

  // Answers when something was shown of a claim.
  Task<void> claim_changes(Duration at_most) { return claims_changed_.wait(clock_, at_most); }

 private:
  using Json = nlohmann::json;
  using ClaimKey = std::pair<std::string, std::string>;

  void set_claim(const Json& object);
  void remove_claim(const std::string& uid);
  void remove_volume(const std::string& name);
  void synced();

  Clock& clock_;
  std::map<std::string, KnownVolume> volumes_;  // by name
  std::map<std::string, KnownClaim> claims_;    // by uid
  std::map<ClaimKey, std::string> claim_uids_;
  Signal claims_changed_;
  // Last: they tell of what stands above.
  kube::Informer claims_informer_;
  kube::Informer volumes_informer_;
};

}  // namespace sandboxlet::agent
