#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "agent/volume/name_locks.h"
#include "base/result.h"

namespace sandboxlet::agent {

class LocalVolumes;

// What a volume is to be made from; one of the kinds.
struct EmptyDir {
  bool memory = false;
  // Bytes; held only in memory.
  std::optional<int64_t> size_limit;
};
struct HostPath {
  std::string path;
  // As in a PodSpec: "", DirectoryOrCreate, Directory, ...
  std::string type;
};
// A directory of the node's data, kept until the Sandbox is deleted.
struct Claim {};

// A directory of the node that a PersistentVolume names (spec.local).
struct Local {
  std::string path;
};
// spec.nfs, with the PersistentVolume's mountOptions.
struct Nfs {
  std::string server;
  std::string path;
  std::vector<std::string> mount_options;
  bool read_only = false;
};
// One that this node has made itself, by its name in LocalVolumes.
struct NodeVolume {
  std::string name;
};
// What nobody here can stage, by its field's name: csi, iscsi, ...
struct OtherKind {
  std::string field;
};
// What a claim is bound to.
struct PersistentVolume {
  std::variant<HostPath, Local, Nfs, NodeVolume, OtherKind> source;
};

struct VolumeRequest {
  std::string name;
  std::variant<EmptyDir, HostPath, Claim, PersistentVolume> source;
};

struct VolumesOnDisk {
  // What does not outlive the pod.
  bool staged = false;
  bool any = false;
};

// The Sandboxes' volumes on this node: <data_root>/sandboxes/<uid>/{volumes,claims}/<name>. Below
// the volume itself everything belongs to the Sandbox and is distrusted; the directories above it
// are root's alone. Nothing is remembered but on disk, and a death at any instant is made good by
// the next call.
//
// Functions block, and may be called from any thread; one Sandbox's are either staged or removed at
// a time. Uids and names are checked: [a-z0-9-.]+, not beginning with a dot.
class Volumes {
 public:
  // node_volumes outlives it; none where no volume is a NodeVolume.
  explicit Volumes(std::string data_root, LocalVolumes* node_volumes = nullptr)
      : root_(std::move(data_root) + "/sandboxes"), node_volumes_(node_volumes) {}

  // Idempotent. Answers the absolute path on the host that containers are given.
  Result<std::string> stage(const std::string& uid, const VolumeRequest& request);
  // What a PersistentVolume was staged from, and is until it is unstaged.
  Result<std::optional<PersistentVolume>> staged_from(const std::string& uid,
                                                      const std::string& name) const;
  // Whether any Sandbox has that volume of the node staged, but for the one of that uid.
  Result<bool> is_in_use(const std::string& node_volume, const std::string& but_for = {}) const;
  // Writes what the Sandbox's containers have as /etc/hosts; answers its path. It does not outlive
  // the pod. One that is mounted sees the change.
  Result<std::string> write_hosts(const std::string& uid, const std::string& text);
  // Unmounts and removes what does not outlive the pod. A volume of the node is unmounted with the
  // last Sandbox that uses it; kUnavailable with EBUSY while anybody else does.
  Result<> unstage_all(const std::string& uid);
  // Removes all of it, kept data too. Idempotent.
  Result<> remove(const std::string& uid);

  Result<VolumesOnDisk> on_disk(const std::string& uid) const;
  // The uids that have anything here.
  Result<std::vector<std::string>> list() const;

 private:
  Result<std::string> directory_of(const std::string& uid) const;
  Result<std::string> stage_persistent(const std::string& uid, const std::string& name,
                                       const PersistentVolume& volume);
  Result<std::string> stage_here(const std::string& uid, const VolumeRequest& request);
  Result<std::string> stage_nfs(const std::string& uid, const std::string& name, const Nfs& source);
  Result<std::string> stage_node_volume(const std::string& uid, const std::string& name,
                                        const NodeVolume& source);
  Result<> remember(const std::string& uid, const std::string& name,
                    const PersistentVolume& volume);
  Result<> unstage_node_volumes(const std::string& uid);

  const std::string root_;
  LocalVolumes* const node_volumes_;
  // Of one Sandbox, volumes of the node are either staged or unstaged at a time; of one such
  // volume, who uses it changes for one Sandbox at a time.
  NameLocks sandboxes_;
  NameLocks uses_;
  // Volumes of one Sandbox are staged side by side, and share their parents.
  std::mutex making_;
};

}  // namespace sandboxlet::agent
