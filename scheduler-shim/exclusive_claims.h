#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "scheduler-shim/volume_index.h"

namespace sandboxlet::scheduler {

// Those of a Sandbox's claims that one pod alone may have (ReadWriteOncePod), by their names. Few
// have any.
std::vector<std::string> exclusive_claims(const PodInfo& pod, const VolumeIndex& volumes);

// Whether a Pod of that list (core/v1 PodList) has one of these claims: it is on a node, and has
// not ended.
bool have_any_of(const nlohmann::json& pods, const std::vector<std::string>& claims);

}  // namespace sandboxlet::scheduler
