#include "agent/volume/mounts.h"

#include <sys/mount.h>

#include <fstream>
#include <sstream>

namespace sandboxlet::agent {

namespace {

// "\040" for a space, and so on for tab, newline and backslash (proc(5)).
std::string unescape(const std::string& text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      plain += static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

bool is_at_or_below(const std::string& point, const std::string& path) {
  return point == path || point.starts_with(path + "/");
}

}  // namespace

std::vector<std::string> mount_points(const std::string& mountinfo) {
  std::vector<std::string> points;
  std::istringstream lines(mountinfo);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string id, parent, device, root, point;
    if (fields >> id >> parent >> device >> root >> point) points.push_back(unescape(point));
  }
  return points;
}

Result<std::vector<std::string>> mounts_below(const std::string& path) {
  std::ifstream file("/proc/self/mountinfo");
  if (!file) return errno_error("/proc/self/mountinfo");
  std::ostringstream text;
  text << file.rdbuf();
  std::vector<std::string> points = mount_points(text.str());
  std::erase_if(points, [&](const std::string& point) { return !is_at_or_below(point, path); });
  return points;
}

Result<> unmount_below(const std::string& path) {
  TRY(const auto points, mounts_below(path));
  for (auto point = points.rbegin(); point != points.rend(); ++point) {
    if (umount2(point->c_str(), UMOUNT_NOFOLLOW) == 0 || errno == EINVAL) continue;
    if (umount2(point->c_str(), UMOUNT_NOFOLLOW | MNT_DETACH) == 0 || errno == EINVAL) continue;
    return errno_error("unmount " + *point);
  }
  return {};
}

}  // namespace sandboxlet::agent
