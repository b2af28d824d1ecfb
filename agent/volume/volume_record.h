#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {

// The PersistentVolumeClaim that a volume was made for.
struct ClaimReference {
  std::string namespace_;
  std::string name;
  std::string uid;

  bool operator==(const ClaimReference&) const = default;
};

enum class VolumeMode {
  kDirectory,  // a folder without a limit
  kImage,      // an ext4 of its own size in a file
};

// What is known of a local volume, beside its data: <volume>/record.json.
struct VolumeRecord {
  VolumeMode mode = VolumeMode::kDirectory;
  // Bytes that are set aside for it; a directory is counted by what it was asked for.
  int64_t size = 0;
  ClaimReference claim;
  // An image that was never staged: its root is not open to all users yet.
  bool fresh = false;
  // An image whose file system may be smaller than its size.
  bool growing = false;

  bool operator==(const VolumeRecord&) const = default;
};

// kNotFound where there is none.
Result<VolumeRecord> read_record(const UniqueFd& directory);
// The first of a directory that has not appeared yet; on disk, with the directory, once it is
// synced. That order saves the file system half of its commits.
Result<> make_record(const UniqueFd& directory, const VolumeRecord& record);
Result<> sync_record(const UniqueFd& directory);
// Another in its place: the old or the new one whenever the node dies, on disk when it answers.
Result<> write_record(const UniqueFd& directory, const VolumeRecord& record);

}  // namespace sandboxlet::agent
