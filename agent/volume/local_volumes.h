#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/volume/name_locks.h"
#include "agent/volume/volume_pool.h"
#include "agent/volume/volume_record.h"
#include "base/result.h"

namespace sandboxlet::agent {

struct NewVolume {
  VolumeMode mode = VolumeMode::kImage;
  // Bytes. An image is rounded up to whole blocks, and to no less than kSmallestImage.
  int64_t size = 0;
  ClaimReference claim;
};

// The volumes that this node makes on its own disk: <data_root>/local-volumes/<volume>, with
// record.json, and either data/ or image and mount/. They are kept until they are removed, whatever
// Sandboxes come and go. All but what data/ and mount/ hold is root's alone.
//
// Nothing is remembered but on disk. A volume appears whole (.making-<volume> until then) and goes
// at once (.removing-<volume> while it takes), so after a death at any instant the same call, or
// recover(), goes on. No loop device is ever left behind: they go by themselves.
//
// Functions block and may be called from any thread; of one volume one runs at a time. Volumes are
// named as PersistentVolumes are. One object a data root.
class LocalVolumes {
 public:
  // capacity: bytes that all volumes may have together; else what the file system has.
  explicit LocalVolumes(const std::string& data_root, std::optional<int64_t> capacity = {})
      : data_root_(data_root), root_(data_root + "/local-volumes"), capacity_(capacity) {}

  // Once at start, before anything else: clears away what was half made or half removed, goes on
  // growing what was to grow. Unmounts nothing. Does all it can, and answers the first error.
  Result<> recover();

  // Idempotent; answers what was made. kResourceExhausted where it does not fit, kAlreadyExists
  // where there is another volume of that name: of another mode or claim, or smaller.
  Result<VolumeRecord> create(const std::string& volume, const NewVolume& wanted);
  // Mounts an image. Answers the path for containers; at once where it is mounted already.
  Result<std::string> stage(const std::string& volume);
  // Unmounts an image, and its loop device goes. kUnavailable with EBUSY while anybody uses it, in
  // another mount namespace too. There may be no such volume.
  Result<> unstage(const std::string& volume);
  // Grows it, while it is used or not. False where the size is promised and set aside, but the file
  // system has to wait for the next stage that finds it unmounted (grow_file_system says when).
  // kInvalidArgument for less than it has, kResourceExhausted where it does not fit.
  Result<bool> expand(const std::string& volume, int64_t size);
  // Unmounts it, in use or not, and removes it with its data. There may be no such volume.
  Result<> remove(const std::string& volume);
  // The same where nobody has ever put anything into it; false where somebody may have, and there
  // it stays.
  Result<bool> remove_unused(const std::string& volume);

  // These fail while any volume's record is damaged: its size is not known, and its data stay.
  Result<std::vector<LocalVolume>> list() const;
  Result<VolumeCapacity> capacity();

 private:
  std::string path_of(const std::string& volume) const { return root_ + "/" + volume; }
  // Makes the directory of a volume that is to be made, where its size fits; later it appears.
  Result<> reserve(const std::string& making, const VolumeRecord& record);
  Result<VolumeRecord> made_before(const UniqueFd& directory, const std::string& volume,
                                   const VolumeRecord& wanted);
  Result<> publish(const std::string& making, const std::string& path);
  // Counts the size that an existing one is to have, where it fits.
  Result<> promise(const UniqueFd& directory, VolumeRecord& record, int64_t size);
  // What is still to be done of that.
  Result<> grow(const std::string& volume, const UniqueFd& directory, const UniqueFd& image,
                VolumeRecord& record);
  Result<> settle(const std::string& volume);
  Result<> remove_locked(const std::string& volume);

  const std::string data_root_;
  const std::string root_;
  const std::optional<int64_t> capacity_;
  NameLocks volumes_;
  // What is left is divided by one at a time.
  std::mutex pool_;
};

}  // namespace sandboxlet::agent
