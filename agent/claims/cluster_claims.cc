#include "agent/claims/cluster_claims.h"

#include "agent/claims/mountable.h"

namespace sandboxlet::agent {

namespace {

// A volume is made within a second, where nothing is in its way; a Sandbox that is deleted
// meanwhile waits for as long.
constexpr Duration kPatience = std::chrono::seconds(5);

}  // namespace

Task<Result<PersistentVolume>> ClusterClaims::find(std::shared_ptr<const api::Sandbox> sandbox,
                                                   std::string claim) {
  const std::string namespace_ = sandbox->metadata.namespace_;
  const TimePoint end = clock_.now() + kPatience;
  for (;;) {
    const auto asked = co_await know_claim(sandbox, claim);
    const Result<> checked = asked ? check_claim(*asked) : Result<>(asked.error());
    if (checked) co_return co_await volume_of_bound(*asked);
    const bool may_come = checked.error().code() == Code::kUnavailable;
    if (!may_come || clock_.now() >= end) {
      co_return explained(checked.error(), namespace_, claim);
    }
    const std::string uid = asked ? asked->ref.uid : "";
    co_await until_shown(namespace_, claim, uid, end);
    const KnownClaim* const shown = storage_.claim(namespace_, claim);
    // Another of its name may have come meanwhile.
    if (shown == nullptr || shown->ref.uid != uid || !check_claim(*shown)) continue;
    if (const KnownVolume* const volume = shown_volume(*shown)) {
      co_return to_stage(*shown, *volume, node_name_);
    }
  }
}

Task<Result<KnownClaim>> ClusterClaims::know_claim(std::shared_ptr<const api::Sandbox> sandbox,
                                                   std::string name) {
  const api::ObjectMeta& meta = sandbox->metadata;
  const KnownClaim* const shown = storage_.claim(meta.namespace_, name);
  if (shown != nullptr && shown->controller_uid == meta.uid) co_return *shown;
  const kube::ObjectRef ref{kube::kPersistentVolumeClaims, meta.namespace_, name, ""};
  const auto object = co_await client_.get(ref);
  if (object) co_return read_claim(*object);
  if (object.error().code() == Code::kNotFound) co_return claim_not_found(name);
  co_return object.error();
}

Task<Result<PersistentVolume>> ClusterClaims::volume_of_bound(KnownClaim claim) {
  const kube::ObjectRef ref{kube::kPersistentVolumes, "", claim.volume, ""};
  const auto object = co_await client_.get(ref);
  if (object) co_return to_stage(claim, read_volume(*object), node_name_);
  if (object.error().code() == Code::kNotFound) co_return volume_not_found(claim.volume);
  co_return object.error();
}

Task<void> ClusterClaims::until_shown(std::string namespace_, std::string name, std::string uid,
                                      TimePoint end) {
  const KnownClaim* claim = storage_.claim(namespace_, name);
  const std::string before = claim == nullptr ? "" : claim->version;
  while (clock_.now() < end) {
    if (claim != nullptr) {
      const bool has_come = uid.empty() && claim->version != before;
      if (has_come || (claim->ref.uid == uid && check_claim(*claim))) co_return;
    }
    co_await storage_.claim_changes(end - clock_.now());
    claim = storage_.claim(namespace_, name);
  }
}

const KnownVolume* ClusterClaims::shown_volume(const KnownClaim& claim) const {
  const KnownVolume* const volume = storage_.volume(claim.volume);
  return volume != nullptr && is_node_volume(*volume) ? volume : nullptr;
}

Error ClusterClaims::explained(const Error& error, const std::string& namespace_,
                               const std::string& name) const {
  const KnownClaim* const claim = storage_.claim(namespace_, name);
  if (claim == nullptr) return error;
  const std::string trouble = provisioner_.trouble(volume_of(*claim));
  if (trouble.empty()) return error;
  return Error(error.code(), error.message() + ": " + trouble);
}

}  // namespace sandboxlet::agent
