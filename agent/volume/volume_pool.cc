#include "agent/volume/volume_pool.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <filesystem>

#include "agent/volume/directories.h"
#include "agent/volume/mounts.h"
#include "agent/volume/names.h"

namespace sandboxlet::agent {

namespace {

std::string within(const std::string& directory, const std::string& name) {
  return directory + "/" + name;
}

// Nothing where a volume was only about to be made.
Result<std::optional<VolumeRecord>> record_in(const std::string& directory) {
  auto open = open_directory(directory);
  auto record = open ? read_record(*open) : Result<VolumeRecord>(std::move(open.error()));
  if (record) return std::optional<VolumeRecord>(std::move(*record));
  if (record.error().code() == Code::kNotFound) return std::optional<VolumeRecord>();
  return std::move(record.error()).wrap(directory);
}

Result<struct statvfs> file_system_of(const std::string& path) {
  struct statvfs status {};
  if (statvfs(path.c_str(), &status) != 0) return errno_error("statvfs " + path);
  return status;
}

int64_t bytes(const struct statvfs& status, fsblkcnt_t blocks) {
  return static_cast<int64_t>(blocks) * static_cast<int64_t>(status.f_frsize);
}

Result<std::optional<int64_t>> used_of(const std::string& point) {
  TRY(const bool mounted, is_mount_point(point));
  if (!mounted) return std::optional<int64_t>();
  TRY(const auto status, file_system_of(point));
  return std::optional<int64_t>(bytes(status, status.f_blocks - status.f_bfree));
}

}  // namespace

Result<std::vector<std::string>> names_in(const std::string& directory) {
  namespace fs = std::filesystem;
  std::vector<std::string> names;
  std::error_code error;
  for (auto entry = fs::directory_iterator(directory, error);
       !error && entry != fs::directory_iterator(); entry.increment(error)) {
    names.push_back(entry->path().filename());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return errno_error("list " + directory, error.value());
  }
  return names;
}

Result<std::vector<LocalVolume>> volumes_in(const std::string& root) {
  std::vector<LocalVolume> volumes;
  TRY(const auto names, names_in(root));
  for (const std::string& name : names) {
    if (!is_name(name)) continue;
    TRY(auto record, record_in(within(root, name)));
    if (!record) continue;
    TRY(const auto used, used_of(within(root, name) + "/mount"));
    volumes.push_back({name, std::move(*record), used});
  }
  return volumes;
}

Result<VolumeCapacity> capacity_of(const std::string& root, std::optional<int64_t> total) {
  int64_t promised = 0;
  TRY(const auto names, names_in(root));
  for (const std::string& name : names) {
    if (!is_name(name) && !name.starts_with(kMaking)) continue;
    auto record = record_in(within(root, name));
    // Whoever was making it died before it had anything.
    if (!record && name.starts_with(kMaking)) continue;
    if (!record) return std::move(record.error());
    if (*record) promised += (*record)->size;
  }
  TRY(const auto status, file_system_of(root));
  VolumeCapacity capacity;
  capacity.total = total.value_or(bytes(status, status.f_blocks));
  capacity.left = std::clamp(capacity.total - promised, int64_t{0}, bytes(status, status.f_bavail));
  return capacity;
}

}  // namespace sandboxlet::agent
