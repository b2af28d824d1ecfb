#include "agent/volume/local_volumes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "agent/volume/directories.h"
#include "agent/volume/image_mount.h"
#include "agent/volume/mounts.h"
#include "agent/volume/names.h"
#include "agent/volume/safe_remove.h"
#include "agent/volume/volume_image.h"

namespace sandboxlet::agent {

namespace {

constexpr char kData[] = "/data";
constexpr char kMount[] = "/mount";
constexpr mode_t kPrivate = 0700;
// A volume belongs to users that the node does not know.
constexpr mode_t kShared = 0777;

// How the path of its image ends, from whatever mount it is looked at.
std::string image_of(const std::string& volume) { return "/" + volume + "/image"; }

Error does_not_fit(int64_t size, const VolumeCapacity& capacity) {
  return Error(Code::kResourceExhausted, std::to_string(size) +
                                             " bytes do not fit: " + std::to_string(capacity.left) +
                                             " of " + std::to_string(capacity.total) + " are left");
}

bool fulfils(const VolumeRecord& made, const VolumeRecord& wanted) {
  return made.mode == wanted.mode && made.claim == wanted.claim && made.size >= wanted.size;
}

Result<VolumeRecord> record_for(const NewVolume& wanted) {
  VolumeRecord record{wanted.mode, wanted.size, wanted.claim};
  if (wanted.mode == VolumeMode::kImage) {
    record.fresh = true;
    TRY(record.size, image_size(wanted.size));
  } else if (wanted.size < 0 || wanted.size > kLargestImage) {
    return Error(Code::kInvalidArgument, "not a size for a volume: " + std::to_string(wanted.size));
  }
  return record;
}

// What a volume holds beside its record, all on disk when it answers.
Result<> make_contents(const std::string& path, const VolumeRecord& record) {
  TRY(const UniqueFd directory, open_directory(path));
  CHECK_OK(record.mode == VolumeMode::kImage ? make_image(directory, record.size)
                                             : make_directory(path + kData, kShared));
  return sync_record(directory);
}

Result<> open_to_all(const std::string& point) {
  TRY(const UniqueFd root, open_directory(point));
  // In this order: a record never says so of what a power cut undid.
  if (fchmod(root.get(), kShared) != 0 || fsync(root.get()) != 0) {
    return errno_error("open " + point + " to all users");
  }
  return {};
}

}  // namespace

Result<VolumeRecord> LocalVolumes::create(const std::string& volume, const NewVolume& wanted) {
  CHECK_OK(check_name(volume));
  TRY(VolumeRecord record, record_for(wanted));
  const NameLocks::Lock lock(volumes_, volume);
  const auto there = open_directory(path_of(volume));
  if (there) return made_before(*there, volume, record);
  if (there.error().code() != Code::kNotFound) return there.error();
  const std::string making = path_of(kMaking + volume);
  CHECK_OK(reserve(making, record));
  if (auto made = make_contents(making, record); !made) {
    // What is left of it counts until the next try.
    static_cast<void>(remove_tree(making));
    return std::move(made.error());
  }
  CHECK_OK(publish(making, path_of(volume)));
  return record;
}

Result<VolumeRecord> LocalVolumes::made_before(const UniqueFd& directory, const std::string& volume,
                                               const VolumeRecord& wanted) {
  TRY(VolumeRecord made, read_record(directory));
  if (!fulfils(made, wanted)) {
    return Error(Code::kAlreadyExists, "there is another volume " + volume);
  }
  // It may have appeared in the last moment of an agent before this one.
  CHECK_OK(sync_directory(root_));
  return made;
}

Result<> LocalVolumes::publish(const std::string& making, const std::string& path) {
  {
    // Who counts what there is must not find it under neither name.
    const std::lock_guard lock(pool_);
    if (renameat2(AT_FDCWD, making.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) {
      return errno_error("make " + path);
    }
  }
  return sync_directory(root_);
}

Result<> LocalVolumes::reserve(const std::string& making, const VolumeRecord& record) {
  CHECK_OK(remove_tree(making));
  const std::lock_guard lock(pool_);
  CHECK_OK(make_directory(root_, kPrivate));
  CHECK_OK(sync_directory(data_root_));
  TRY(const VolumeCapacity capacity, capacity_of(root_, capacity_));
  if (record.size > capacity.left) return does_not_fit(record.size, capacity);
  if (mkdir(making.c_str(), kPrivate) != 0) return errno_error("make " + making);
  TRY(const UniqueFd directory, open_directory(making));
  return make_record(directory, record);
}

Result<std::string> LocalVolumes::stage(const std::string& volume) {
  CHECK_OK(check_name(volume));
  const NameLocks::Lock lock(volumes_, volume);
  TRY(const UniqueFd directory, open_directory(path_of(volume)));
  TRY(VolumeRecord record, read_record(directory));
  if (record.mode == VolumeMode::kDirectory) {
    std::string path = path_of(volume) + kData;
    CHECK_OK(open_directory(path));
    return path;
  }
  TRY(const UniqueFd image, open_image(directory));
  std::string point = path_of(volume) + kMount;
  CHECK_OK(make_directory(point, kPrivate));
  CHECK_OK(grow(volume, directory, image, record));
  TRY(const auto mounted, mounted_image(image, point));
  if (!mounted) {
    CHECK_OK(fill_image(image, record.size));
    CHECK_OK(mount_image(image, image_of(volume), point));
  }
  if (!record.fresh) return point;
  CHECK_OK(open_to_all(point));
  record.fresh = false;
  CHECK_OK(write_record(directory, record));
  return point;
}

Result<> LocalVolumes::unstage(const std::string& volume) {
  CHECK_OK(check_name(volume));
  const NameLocks::Lock lock(volumes_, volume);
  auto directory = open_directory(path_of(volume));
  if (!directory && directory.error().code() == Code::kNotFound) return {};
  if (!directory) return std::move(directory.error());
  TRY(const VolumeRecord record, read_record(*directory));
  if (record.mode == VolumeMode::kDirectory) return {};
  CHECK_OK(unmount(path_of(volume) + kMount, WhereBusy::kRefuse));
  TRY(const UniqueFd image, open_image(*directory));
  TRY(const auto left, find_loop(image, image_of(volume)));
  if (!left) return {};
  TRY(const bool mounted, is_mounted(*left));
  if (!mounted) return {};
  return Error(Code::kUnavailable, volume + " is mounted elsewhere, from " + left->path, EBUSY);
}

Result<bool> LocalVolumes::expand(const std::string& volume, int64_t size) {
  CHECK_OK(check_name(volume));
  const NameLocks::Lock lock(volumes_, volume);
  TRY(const UniqueFd directory, open_directory(path_of(volume)));
  TRY(VolumeRecord record, read_record(directory));
  TRY(const VolumeRecord grown, record_for({record.mode, size, record.claim}));
  if (grown.size < record.size) {
    return Error(Code::kInvalidArgument,
                 volume + " has " + std::to_string(record.size) + " bytes and does not shrink");
  }
  CHECK_OK(promise(directory, record, grown.size));
  if (!record.growing) return true;
  TRY(const UniqueFd image, open_image(directory));
  CHECK_OK(grow(volume, directory, image, record));
  return !record.growing;
}

Result<> LocalVolumes::grow(const std::string& volume, const UniqueFd& directory,
                            const UniqueFd& image, VolumeRecord& record) {
  if (!record.growing) return {};
  CHECK_OK(fill_image(image, record.size));
  TRY(const bool grown, grow_file_system(image, image_of(volume), path_of(volume) + kMount));
  if (!grown) return {};
  record.growing = false;
  return write_record(directory, record);
}

Result<> LocalVolumes::promise(const UniqueFd& directory, VolumeRecord& record, int64_t size) {
  if (size == record.size) return {};
  const std::lock_guard lock(pool_);
  UniqueFd image;
  if (record.mode == VolumeMode::kImage) {
    TRY(image, open_image(directory));
    // What a try that was cut off had set aside is not counted twice.
    CHECK_OK(give_back(image));
  }
  TRY(const VolumeCapacity capacity, capacity_of(root_, capacity_));
  if (size - record.size > capacity.left) return does_not_fit(size - record.size, capacity);
  if (image) {
    CHECK_OK(set_aside(image, size));
    record.growing = true;
  }
  record.size = size;
  return write_record(directory, record);
}

Result<> LocalVolumes::remove(const std::string& volume) {
  CHECK_OK(check_name(volume));
  const NameLocks::Lock lock(volumes_, volume);
  return remove_locked(volume);
}

Result<bool> LocalVolumes::remove_unused(const std::string& volume) {
  CHECK_OK(check_name(volume));
  const NameLocks::Lock lock(volumes_, volume);
  const auto directory = open_directory(path_of(volume));
  if (directory) {
    TRY(const VolumeRecord record, read_record(*directory));
    bool is_unused = record.fresh;
    if (record.mode == VolumeMode::kDirectory) {
      TRY(const auto names, names_in(path_of(volume) + kData));
      is_unused = names.empty();
    }
    if (!is_unused) return false;
  }
  CHECK_OK(remove_locked(volume));
  return true;
}

Result<> LocalVolumes::remove_locked(const std::string& volume) {
  const std::string removing = path_of(kRemoving + volume);
  CHECK_OK(remove_tree(path_of(kMaking + volume)));
  CHECK_OK(remove_tree(removing));
  auto directory = open_directory(path_of(volume));
  if (!directory && directory.error().code() == Code::kNotFound) return sync_directory(root_);
  if (!directory) return std::move(directory.error());
  CHECK_OK(unmount(path_of(volume) + kMount, WhereBusy::kDetach));
  if (rename(path_of(volume).c_str(), removing.c_str()) != 0) {
    return errno_error("remove " + path_of(volume));
  }
  CHECK_OK(sync_directory(root_));
  return remove_tree(removing);
}

Result<> LocalVolumes::recover() {
  TRY(const auto names, names_in(root_));
  Result<> outcome;
  for (const std::string& name : names) {
    auto done = is_name(name) ? settle(name)
                : name.starts_with(kMaking) || name.starts_with(kRemoving)
                    ? remove_tree(path_of(name))
                    : Result<>();
    if (!done && outcome) outcome = std::move(done);
  }
  return outcome;
}

Result<> LocalVolumes::settle(const std::string& volume) {
  const NameLocks::Lock lock(volumes_, volume);
  TRY(const UniqueFd directory, open_directory(path_of(volume)));
  TRY(VolumeRecord record, read_record(directory));
  if (record.mode == VolumeMode::kDirectory) return {};
  TRY(const UniqueFd image, open_image(directory));
  CHECK_OK(give_back(image));
  return grow(volume, directory, image, record);
}

Result<std::vector<LocalVolume>> LocalVolumes::list() const { return volumes_in(root_); }

Result<VolumeCapacity> LocalVolumes::capacity() {
  const std::lock_guard lock(pool_);
  CHECK_OK(make_directory(root_, kPrivate));
  return capacity_of(root_, capacity_);
}

}  // namespace sandboxlet::agent
