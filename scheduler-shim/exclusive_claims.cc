#include "scheduler-shim/exclusive_claims.h"

#include <algorithm>

#include "scheduler-shim/json_reader.h"

namespace sandboxlet::scheduler {

namespace {

bool is_on_a_node(const Json& pod) {
  JsonReader reader;
  std::string node;
  std::string phase;
  reader.object(pod, "spec", [&](const Json& spec) { node = reader.text(spec, "nodeName"); });
  reader.object(pod, "status", [&](const Json& status) { phase = reader.text(status, "phase"); });
  return !node.empty() && phase != "Succeeded" && phase != "Failed";
}

}  // namespace

std::vector<std::string> exclusive_claims(const PodInfo& pod, const VolumeIndex& volumes) {
  std::vector<std::string> names;
  if (!pod.claims) return names;
  for (const PodClaim& used : *pod.claims) {
    const ClaimInfo* const claim = volumes.claim(claim_key(pod.identity->namespace_, used.name));
    const bool is_exclusive = claim != nullptr && (claim->access_modes & kReadWriteOncePod) != 0;
    if (is_exclusive) names.push_back(used.name);
  }
  return names;
}

bool have_any_of(const Json& pods, const std::vector<std::string>& claims) {
  bool have = false;
  JsonReader reader;
  reader.each(pods, "items", [&](const Json& pod) {
    if (!is_on_a_node(pod)) return;
    reader.object(pod, "spec", [&](const Json& spec) {
      reader.each(spec, "volumes", [&](const Json& volume) {
        reader.object(volume, "persistentVolumeClaim", [&](const Json& source) {
          const std::string name = reader.text(source, "claimName");
          have = have || std::find(claims.begin(), claims.end(), name) != claims.end();
        });
      });
    });
  });
  return have;
}

}  // namespace sandboxlet::scheduler
