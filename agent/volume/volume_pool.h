#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/volume/volume_record.h"
#include "base/result.h"

namespace sandboxlet::agent {

// The local volumes of a node as they share its disk, read from the directory that they are in.

// A volume appears whole and goes at once: it is made and removed under names with these before it.
constexpr char kMaking[] = ".making-";
constexpr char kRemoving[] = ".removing-";

struct LocalVolume {
  std::string name;
  VolumeRecord record;
  // Bytes of its file system; known of an image that is mounted.
  std::optional<int64_t> used;
};

// Bytes. Every volume counts with its full size, whatever it holds.
struct VolumeCapacity {
  int64_t total = 0;
  // No more than the disk has free.
  int64_t left = 0;
};

// The names in a directory, which need not be there.
Result<std::vector<std::string>> names_in(const std::string& directory);

Result<std::vector<LocalVolume>> volumes_in(const std::string& root);

// Volumes that are being made count too. total: bytes that all may have together; else what root's
// file system has.
Result<VolumeCapacity> capacity_of(const std::string& root, std::optional<int64_t> total);

}  // namespace sandboxlet::agent
