#include "agent/container/log_rotation.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace sandboxlet::agent {

namespace {

std::string stamp(WallTime time) {
  const time_t seconds = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(time));
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), ".%Y%m%d-%H%M%S", &parts);
  return text.data();
}

// Names tell the order, also where the clock was set back or stood still.
std::string next_name(const std::string& log, const std::vector<LogFile>& rotated, WallTime now) {
  const std::string last(rotated.empty() ? "" : rotation_of(rotated.back().name));
  std::string name = log + stamp(now);
  while (name <= last) {
    now += std::chrono::seconds(1);
    name = log + stamp(now);
  }
  return name;
}

// What no rotation uses any more: what an agent's death left half compressed, and what it had
// compressed but not yet removed.
std::vector<std::string> leftovers(const std::vector<LogFile>& files, const std::string& log) {
  std::vector<std::string> names;
  for (const auto& file : files) {
    const bool has_twin = std::any_of(files.begin(), files.end(), [&](const LogFile& other) {
      return other.name == file.name + ".gz";
    });
    const bool of_this = file.name.starts_with(log + ".");
    if (of_this && (file.name.ends_with(".tmp") || has_twin)) names.push_back(file.name);
  }
  return names;
}

}  // namespace

std::optional<Rotation> plan_rotation(const std::vector<LogFile>& files, uint32_t attempt,
                                      const RotationLimits& limits, WallTime now) {
  const std::string log = log_name(attempt);
  const auto current = std::find_if(files.begin(), files.end(),
                                    [&](const LogFile& file) { return file.name == log; });
  if (current != files.end() && current->size < limits.max_size) return std::nullopt;

  Rotation rotation;
  rotation.remove = leftovers(files, log);
  std::vector<LogFile> rotated = rotated_files(files, log);
  if (current != files.end()) {
    rotation.rename_to = next_name(log, rotated, now);
    rotated.push_back(*current);
    rotated.back().name = rotation.rename_to;
  }
  int64_t count = 0;
  int64_t bytes = 0;
  bool keep = true;
  for (auto file = rotated.rbegin(); file != rotated.rend(); ++file) {
    const bool is_newest = file == rotated.rbegin();
    bytes += file->size;
    keep = keep && ++count < limits.max_files;
    keep = keep && (is_newest || bytes / limits.max_files < limits.max_size);
    if (!keep) {
      rotation.remove.push_back(file->name);
    } else if (!is_newest && !is_compressed(file->name)) {
      rotation.compress.push_back(file->name);
    }
  }
  return rotation;
}

}  // namespace sandboxlet::agent
