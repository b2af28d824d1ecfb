#include "agent/container/log_rotation.h"

#include <algorithm>
#include <array>
#include <ctime>

namespace sandboxlet::agent {

namespace {

constexpr char kStamp[] = ".%Y%m%d-%H%M%S";

std::string write_stamp(time_t time) {
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), kStamp, &parts);
  return text.data();
}

time_t read_stamp(const std::string& text) {
  std::tm parts{};
  strptime(text.c_str(), kStamp, &parts);
  return timegm(&parts);
}

// Names tell the order, also where the clock was set back or stood still.
std::string next_name(const std::string& log, const std::vector<LogFile>& rotated, WallTime now) {
  time_t time = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (!rotated.empty()) {
    const std::string_view last = rotation_of(rotated.back().name);
    time = std::max(time, read_stamp(std::string(last.substr(log.size()))) + 1);
  }
  return log + write_stamp(time);
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
