#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace sandboxlet::agent {

enum class FsGroupChange {
  kAlways,
  // Nothing where the volume's root is as it is to be; it is changed last, so that it tells of all
  // below it.
  kOnRootMismatch,
};

// Gives a volume to a group, as a pod's fsGroup asks for: group gid, rw for it, and on directories
// rwx and set-gid, so that what is made there has the group too (kubelet: volume_linux.go). Follows
// no symbolic link and crosses no mount; what goes or changes meanwhile is passed over. A path
// inside that is longer than PATH_MAX is an error, as in the kubelet. Idempotent, and goes on where
// an earlier call was cut off.
Result<> apply_fs_group(const std::string& volume, gid_t gid, FsGroupChange change);

}  // namespace sandboxlet::agent
