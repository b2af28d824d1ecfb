#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace sandboxlet::agent {

// Mount points at path or below it, the deepest last (from /proc/self/mountinfo).
Result<std::vector<std::string>> mounts_below(const std::string& path);

// Unmounts them all, the last mounted first; what is busy is detached.
Result<> unmount_below(const std::string& path);

// The mount points in a mountinfo's text, with its octal escapes resolved. Pure.
std::vector<std::string> mount_points(const std::string& mountinfo);

}  // namespace sandboxlet::agent
