#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/container/log_files.h"

namespace sandboxlet::agent {

struct RotationLimits {
  // Bytes; a log of this size is rotated.
  int64_t max_size = 0;
  // How many files a log may have, the one that is written included; at least 2.
  int64_t max_files = 0;
};

// What is to be done to one log, in this order. Plain data.
struct Rotation {
  std::vector<std::string> remove;
  // What the current file becomes. Empty where there is none: an agent died after renaming it, and
  // the runtime still writes to what it is called now.
  std::string rename_to;
  // The runtime opens a new file here. Then each of these becomes one with ".gz".
  std::vector<std::string> compress;

  bool operator==(const Rotation&) const = default;
};

// Nothing while the log of that attempt, whose container runs, is small enough. files is all that
// its directory holds.
//
// As the kubelet rotates (container_log_manager.go: the newest rotated file stays as it is, because
// the runtime may not be done with it), with one more bound: rotated files take no more than
// max_size * max_files together, but for the newest. A container that writes many times max_size
// between two looks thereby loses its oldest lines, instead of filling the disk and keeping the
// node busy with compressing.
std::optional<Rotation> plan_rotation(const std::vector<LogFile>& files, uint32_t attempt,
                                      const RotationLimits& limits, WallTime now);

}  // namespace sandboxlet::agent
