#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/volume/volumes.h"
#include "base/result.h"

namespace sandboxlet::agent {

// What the claims of one Sandbox were staged from: <directory>/<volume>.json, until its volumes are
// unstaged. So what is in use is known to a later life of the agent, whoever else can be asked. A
// file that cannot be read counts as none: it is damaged by a power cut alone, after which nothing
// is mounted. Functions block.

// The directory is there. Whole whenever the agent dies.
Result<> save_staged_claim(const std::string& directory, const std::string& volume,
                           const PersistentVolume& source);
std::optional<PersistentVolume> staged_claim(const std::string& directory,
                                             const std::string& volume);

// The node's own volumes among them, each once; the directory need not be there.
Result<std::vector<std::string>> staged_node_volumes(const std::string& directory);
Result<> forget_node_volume(const std::string& directory, const std::string& node_volume);

}  // namespace sandboxlet::agent
