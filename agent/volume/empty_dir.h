#pragma once

#include <string>

#include "agent/volume/volumes.h"

namespace sandboxlet::agent {

// Makes an emptyDir at path, whose parent exists: a directory that all may write to, or a tmpfs of
// at most size_limit (kubelet: empty_dir.go). Idempotent.
Result<> stage_empty_dir(const EmptyDir& source, const std::string& path);

}  // namespace sandboxlet::agent
