#pragma once

#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "scheduler-shim/claim_info.h"

namespace sandboxlet::scheduler {

// Which claims each Sandbox uses, and which Sandboxes each claim. Of those without claims nothing
// is kept. Belongs to one thread.
class ClaimUsers {
 public:
  // In place of what it used before.
  void set(const std::string& sandbox, const std::string& namespace_,
           const std::vector<PodClaim>& claims);
  void remove(const std::string& sandbox);

  // By uids; empty where nobody does.
  const std::set<std::string>& of(const std::string& claim) const;
  const std::set<std::string>& claims_of(const std::string& sandbox) const;
  std::vector<std::string> claims() const;

 private:
  std::unordered_map<std::string, std::set<std::string>> users_;
  std::unordered_map<std::string, std::set<std::string>> claims_;
};

}  // namespace sandboxlet::scheduler
