#include "agent/watchdog/fence_record.h"

#include <fstream>

#include "agent/watchdog/small_file.h"

namespace sandboxlet::agent {

namespace {

using std::chrono::seconds;

constexpr char kStays[] = "stays";

std::string path_in(const std::string& data_root) { return data_root + "/fences"; }

std::string text_of(Duration duration) {
  return std::to_string(std::chrono::floor<seconds>(duration).count());
}

std::optional<seconds> read_seconds(const std::string& text) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  if (text.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return seconds(std::stoll(text));
}

Error not_its_own(const std::string& path) {
  return Error(Code::kInvalidArgument, path + " is not what an agent writes");
}

}  // namespace

Result<> save_fences(const std::string& data_root, const FenceRecord& record) {
  std::string text = "lease " + text_of(record.lease_lasts) + "\n";
  for (const auto& [uid, after] : record.elsewhere_after) {
    text += uid + " " + (after ? text_of(*after) : kStays) + "\n";
  }
  return replace_file(path_in(data_root), text);
}

Result<FenceRecord> load_fences(const std::string& data_root) {
  const std::string path = path_in(data_root);
  std::ifstream file(path);
  if (!file) return errno_error(path);
  FenceRecord record;
  std::string name, after;
  if (!(file >> name >> after) || name != "lease") return not_its_own(path);
  const auto lease = read_seconds(after);
  if (!lease) return not_its_own(path);
  record.lease_lasts = *lease;
  while (file >> name >> after) {
    const auto read = read_seconds(after);
    if (!read && after != kStays) return not_its_own(path);
    record.elsewhere_after[name] = read;
  }
  return record;
}

std::vector<std::string> overdue(const FenceRecord& record, Duration since_renewal,
                                 const std::vector<std::string>& sandboxes) {
  std::vector<std::string> all;
  for (const auto& uid : sandboxes) {
    const auto found = record.elsewhere_after.find(uid);
    const auto after =
        found == record.elsewhere_after.end() ? std::optional(record.lease_lasts) : found->second;
    if (after && since_renewal >= *after - kWatchdogKills) all.push_back(uid);
  }
  return all;
}

}  // namespace sandboxlet::agent
