#pragma once

#include "base/result.h"
#include "scheduler-shim/claim_info.h"
#include "scheduler-shim/json_reader.h"

namespace sandboxlet::scheduler {

// Each reads one of the API server's objects. A field of the wrong type or value is an error that
// begins with its path; what is not read here does not count.
Result<ClaimInfo> read_claim(const Json& claim);
Result<VolumeInfo> read_volume(const Json& volume);
Result<StorageClassInfo> read_storage_class(const Json& storage_class);

// What a Sandbox's volumes refer to: first its templates' claims, "<template>-<sandbox>", then
// those that its pod's volumes name. A volume of a template's name gives way to it (agent-sandbox:
// MergeVolumeClaimVolumes).
std::vector<PodClaim> read_pod_claims(JsonReader& reader, const Json& spec,
                                      const std::string& sandbox);

}  // namespace sandboxlet::scheduler
