#pragma once

#include <string>

#include "base/result.h"

namespace sandboxlet::agent {

// True where something is mounted on path itself, which need not be there. Asked of the kernel for
// the path (statx), not looked up in mountinfo: that knows the path only without its symbolic
// links, and is long on a node with many containers.
Result<bool> is_mount_point(const std::string& path);

enum class WhereBusy {
  kRefuse,  // kUnavailable, with EBUSY: who uses it may still write
  kDetach,  // whoever uses it keeps it, and nobody else finds it
};
// Unmounts all that is mounted on path itself. Idempotent.
Result<> unmount(const std::string& path, WhereBusy where_busy);

// Unmounts what is mounted right below directory, which is the agent's own; what is busy is
// detached. What is mounted deeper was mounted by others and stays: the way there leads through
// directories that a Sandbox may swap for links. Idempotent.
Result<> unmount_children(const std::string& directory);

}  // namespace sandboxlet::agent
