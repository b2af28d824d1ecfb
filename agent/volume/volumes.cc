#include "agent/volume/volumes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "agent/volume/directories.h"
#include "agent/volume/empty_dir.h"
#include "agent/volume/host_path.h"
#include "agent/volume/local_volumes.h"
#include "agent/volume/mounts.h"
#include "agent/volume/names.h"
#include "agent/volume/nfs.h"
#include "agent/volume/safe_remove.h"
#include "agent/volume/staged_claims.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {

namespace {

constexpr char kVolumes[] = "/volumes";
constexpr char kClaims[] = "/claims";
// Where volumes wait for their removal, which may take long.
constexpr char kDiscarded[] = "/discarded";

// No volume has a name like this.
constexpr char kHosts[] = "/.hosts";
// What claims were staged from, in the directory of volumes: it goes with them.
constexpr char kStagedClaims[] = "/volumes/.claims";

// Private: containers reach a volume by the mount of it alone, which leads past its parents' modes,
// and no other user of the node reaches it at all.
constexpr mode_t kPrivate = 0700;
// A volume belongs to users that the node does not know.
constexpr mode_t kShared = 0777;

// From the topmost down.
Result<> make_parents(std::initializer_list<std::string> paths) {
  for (const std::string& path : paths) CHECK_OK(make_directory(path, kPrivate));
  return {};
}

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

}  // namespace

Result<std::string> Volumes::directory_of(const std::string& uid) const {
  CHECK_OK(check_name(uid));
  return root_ + "/" + uid;
}

Result<std::string> Volumes::stage(const std::string& uid, const VolumeRequest& request) {
  CHECK_OK(check_name(uid));
  CHECK_OK(check_name(request.name));
  if (const auto* source = std::get_if<HostPath>(&request.source)) return stage_host_path(*source);
  if (const auto* volume = std::get_if<PersistentVolume>(&request.source)) {
    return stage_persistent(uid, request.name, *volume);
  }
  return stage_here(uid, request);
}

Result<std::string> Volumes::stage_persistent(const std::string& uid, const std::string& name,
                                              const PersistentVolume& volume) {
  if (const auto* other = std::get_if<OtherKind>(&volume.source)) {
    return Error(Code::kUnimplemented,
                 "PersistentVolumes of kind " + other->field + " are not supported");
  }
  if (const auto* source = std::get_if<NodeVolume>(&volume.source)) {
    return stage_node_volume(uid, name, *source);
  }
  CHECK_OK(remember(uid, name, volume));
  if (const auto* source = std::get_if<HostPath>(&volume.source)) return stage_host_path(*source);
  if (const auto* source = std::get_if<Local>(&volume.source)) return stage_local(*source);
  return stage_nfs(uid, name, std::get<Nfs>(volume.source));
}

Result<> Volumes::remember(const std::string& uid, const std::string& name,
                           const PersistentVolume& volume) {
  TRY(const std::string directory, directory_of(uid));
  const std::lock_guard lock(making_);
  CHECK_OK(make_parents({root_, directory, directory + kVolumes, directory + kStagedClaims}));
  return save_staged_claim(directory + kStagedClaims, name, volume);
}

Result<std::optional<PersistentVolume>> Volumes::staged_from(const std::string& uid,
                                                             const std::string& name) const {
  TRY(const std::string directory, directory_of(uid));
  return staged_claim(directory + kStagedClaims, name);
}

// ---- Volumes of the node, which Sandboxes share

Result<std::string> Volumes::stage_node_volume(const std::string& uid, const std::string& name,
                                               const NodeVolume& source) {
  const NameLocks::Lock sandbox(sandboxes_, uid);
  const NameLocks::Lock use(uses_, source.name);
  // First, so that who unmounts finds it.
  CHECK_OK(remember(uid, name, {source}));
  return node_volumes_->stage(source.name);
}

Result<bool> Volumes::is_in_use(const std::string& node_volume, const std::string& but_for) const {
  TRY(const auto uids, list());
  for (const std::string& uid : uids) {
    if (uid == but_for) continue;
    TRY(const auto used, staged_node_volumes(root_ + "/" + uid + kStagedClaims));
    if (std::find(used.begin(), used.end(), node_volume) != used.end()) return true;
  }
  return false;
}

Result<> Volumes::unstage_node_volumes(const std::string& uid) {
  const std::string claims = root_ + "/" + uid + kStagedClaims;
  TRY(const auto used, staged_node_volumes(claims));
  for (const std::string& volume : used) {
    const NameLocks::Lock use(uses_, volume);
    TRY(const bool others, is_in_use(volume, uid));
    if (!others) CHECK_OK(node_volumes_->unstage(volume));
    CHECK_OK(forget_node_volume(claims, volume));
  }
  return {};
}

// ---- Volumes of one Sandbox

Result<std::string> Volumes::stage_here(const std::string& uid, const VolumeRequest& request) {
  TRY(const std::string directory, directory_of(uid));
  // An unstage was cut off, and its rest is of no use. Should it not go, it goes another time.
  static_cast<void>(remove_tree(directory + kDiscarded));
  const auto* const empty_dir = std::get_if<EmptyDir>(&request.source);
  const std::string parent = directory + (empty_dir != nullptr ? kVolumes : kClaims);
  const std::string path = parent + "/" + request.name;
  const std::lock_guard lock(making_);
  CHECK_OK(make_parents({root_, directory, parent}));
  CHECK_OK(empty_dir != nullptr ? stage_empty_dir(*empty_dir, path)
                                : make_directory(path, kShared));
  return path;
}

Result<std::string> Volumes::stage_nfs(const std::string& uid, const std::string& name,
                                       const Nfs& source) {
  TRY(const std::string directory, directory_of(uid));
  const std::string parent = directory + kVolumes;
  const std::string path = parent + "/" + name;
  // Looked at by nothing that asks its server, which may be gone.
  TRY(const bool mounted, is_mount_point(path));
  if (mounted) return path;
  {
    const std::lock_guard lock(making_);
    CHECK_OK(make_parents({root_, directory, parent, path}));
  }
  CHECK_OK(mount_nfs(source, path));
  return path;
}

Result<std::string> Volumes::write_hosts(const std::string& uid, const std::string& text) {
  TRY(const std::string directory, directory_of(uid));
  const std::string parent = directory + kVolumes;
  const std::lock_guard lock(making_);
  CHECK_OK(make_parents({root_, directory, parent}));
  const std::string path = parent + kHosts;
  const UniqueFd file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file) return errno_error(path);
  // Whatever the umask says: the Sandbox's users read it.
  if (fchmod(file.get(), 0644) != 0) return errno_error(path);
  const ssize_t written = write(file.get(), text.data(), text.size());
  if (written < 0) return errno_error(path);
  if (static_cast<size_t>(written) != text.size()) return errno_error(path, ENOSPC);
  return path;
}

Result<> Volumes::unstage_all(const std::string& uid) {
  TRY(const std::string directory, directory_of(uid));
  const NameLocks::Lock sandbox(sandboxes_, uid);
  CHECK_OK(remove_tree(directory + kDiscarded));
  CHECK_OK(unstage_node_volumes(uid));
  CHECK_OK(unmount_children(directory + kVolumes));
  // All at once: a stage never finds a volume half emptied, whenever the agent dies.
  if (rename((directory + kVolumes).c_str(), (directory + kDiscarded).c_str()) != 0 &&
      errno != ENOENT) {
    return errno_error("discard the volumes of " + uid);
  }
  return remove_tree(directory + kDiscarded);
}

Result<> Volumes::remove(const std::string& uid) {
  TRY(const std::string directory, directory_of(uid));
  CHECK_OK(unstage_all(uid));
  return remove_tree(directory);
}

Result<VolumesOnDisk> Volumes::on_disk(const std::string& uid) const {
  TRY(const std::string directory, directory_of(uid));
  return VolumesOnDisk{.staged = exists(directory + kVolumes) || exists(directory + kDiscarded),
                       .any = exists(directory)};
}

Result<std::vector<std::string>> Volumes::list() const {
  std::vector<std::string> uids;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(root_, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    std::string name = entry->path().filename();
    if (is_name(name)) uids.push_back(std::move(name));
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return errno_error("list " + root_, error.value());
  }
  return uids;
}

}  // namespace sandboxlet::agent
