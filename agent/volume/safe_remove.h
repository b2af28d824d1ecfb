#pragma once

#include <string>

#include "base/result.h"

namespace sandboxlet::agent {

// Removes a tree that a Sandbox wrote: follows no symbolic link, needs no more file descriptors,
// stack or path for a deeper tree, and fails on a mount point rather than empty what is mounted.
// Only path's parent must be out of the Sandbox's reach. Idempotent; goes on with what an earlier
// try left, and bears another caller at the same tree.
Result<> remove_tree(const std::string& path);

}  // namespace sandboxlet::agent
