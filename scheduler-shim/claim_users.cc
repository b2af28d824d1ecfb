#include "scheduler-shim/claim_users.h"

namespace sandboxlet::scheduler {

namespace {

using Sets = std::unordered_map<std::string, std::set<std::string>>;

const std::set<std::string>& find(const Sets& sets, const std::string& key) {
  static const std::set<std::string> none;
  const auto found = sets.find(key);
  return found == sets.end() ? none : found->second;
}

}  // namespace

void ClaimUsers::set(const std::string& sandbox, const std::string& namespace_,
                     const std::vector<PodClaim>& claims) {
  remove(sandbox);
  for (const PodClaim& claim : claims) {
    const std::string key = claim_key(namespace_, claim.name);
    users_[key].insert(sandbox);
    claims_[sandbox].insert(key);
  }
}

void ClaimUsers::remove(const std::string& sandbox) {
  const auto gone = claims_.extract(sandbox);
  if (!gone) return;
  for (const std::string& key : gone.mapped()) {
    const auto users = users_.find(key);
    users->second.erase(sandbox);
    if (users->second.empty()) users_.erase(users);
  }
}

const std::set<std::string>& ClaimUsers::of(const std::string& claim) const {
  return find(users_, claim);
}

const std::set<std::string>& ClaimUsers::claims_of(const std::string& sandbox) const {
  return find(claims_, sandbox);
}

std::vector<std::string> ClaimUsers::claims() const {
  std::vector<std::string> keys;
  for (const auto& [key, users] : users_) keys.push_back(key);
  return keys;
}

}  // namespace sandboxlet::scheduler
