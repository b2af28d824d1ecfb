#include "agent/volume/volumes.h"

#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <filesystem>

#include "agent/volume/directories.h"
#include "agent/volume/empty_dir.h"
#include "agent/volume/host_path.h"
#include "agent/volume/mounts.h"

namespace sandboxlet::agent {

namespace {

// Nobody lists them, but a container's user passes through where the runtime mounts from.
constexpr mode_t kPassable = 0711;
constexpr mode_t kShared = 0777;

Result<> check_name(const std::string& name) {
  const bool plain =
      !name.empty() && name.size() <= NAME_MAX && name[0] != '.' &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string::npos;
  if (!plain) return Error(Code::kInvalidArgument, "not a name for a directory: \"" + name + "\"");
  return {};
}

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

}  // namespace

Result<std::string> Volumes::directory_of(const std::string& uid) const {
  CHECK_OK(check_name(uid));
  return root_ + "/" + uid;
}

Result<std::string> Volumes::stage(const std::string& uid, const VolumeRequest& request) {
  if (const auto* source = std::get_if<HostPath>(&request.source)) {
    CHECK_OK(check_host_path(*source));
    return source->path;
  }
  TRY(const std::string directory, directory_of(uid));
  CHECK_OK(check_name(request.name));
  const bool claim = std::holds_alternative<Claim>(request.source);
  const std::string parent = directory + (claim ? "/claims" : "/volumes");
  CHECK_OK(make_directory(root_, kPassable));
  CHECK_OK(make_directory(directory, kPassable));
  CHECK_OK(make_directory(parent, kPassable));
  std::string path = parent + "/" + request.name;
  if (claim) {
    // Kept data keeps the mode that the Sandbox gave it.
    if (!exists(path)) CHECK_OK(make_directory(path, kShared));
  } else {
    CHECK_OK(stage_empty_dir(std::get<EmptyDir>(request.source), path));
  }
  return path;
}

Result<> Volumes::unstage_all(const std::string& uid) {
  TRY(const std::string directory, directory_of(uid));
  CHECK_OK(unmount_below(directory + "/volumes"));
  return remove_tree(directory + "/volumes");
}

Result<> Volumes::remove(const std::string& uid) {
  TRY(const std::string directory, directory_of(uid));
  CHECK_OK(unmount_below(directory));
  return remove_tree(directory);
}

Result<VolumesOnDisk> Volumes::on_disk(const std::string& uid) const {
  TRY(const std::string directory, directory_of(uid));
  return VolumesOnDisk{.staged = exists(directory + "/volumes"), .any = exists(directory)};
}

Result<std::vector<std::string>> Volumes::list() const {
  std::vector<std::string> uids;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(root_, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    uids.push_back(entry->path().filename().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return errno_error("list " + root_, error.value());
  }
  return uids;
}

}  // namespace sandboxlet::agent
