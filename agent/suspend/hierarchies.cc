#include "agent/suspend/hierarchies.h"

#include <algorithm>
#include <sstream>

namespace sandboxlet::agent {

namespace {

// One line: 36 35 98:0 /root /point options [optional...] - type source super-options (proc(5)).
void add_line(Hierarchies& to, const std::string& line, const std::string& mount_root) {
  std::istringstream fields(line);
  std::string id, parent, device, root, point, word, type, source, options;
  fields >> id >> parent >> device >> root >> point;
  while (fields >> word && word != "-") {
  }
  fields >> type >> source >> options;
  if (point != mount_root && !point.starts_with(mount_root + "/")) return;
  if (type == "cgroup2") to.v2 = point;
  if (type != "cgroup") return;
  std::istringstream controllers(options);
  for (std::string name; std::getline(controllers, name, ',');) {
    if (name != "rw" && name != "ro" && name != "xattr" && name != "clone_children") {
      to.v1[name] = point;
    }
  }
}

}  // namespace

std::vector<std::string> Hierarchies::mounts() const {
  std::vector<std::string> all;
  for (const auto& [controller, point] : v1) all.push_back(point);
  if (!v2.empty()) all.push_back(v2);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

Hierarchies parse_hierarchies(const std::string& mountinfo, const std::string& mount_root) {
  Hierarchies found;
  std::istringstream lines(mountinfo);
  for (std::string line; std::getline(lines, line);) add_line(found, line, mount_root);
  return found;
}

std::string cgroup_of(const std::string& proc_cgroup, const std::string& controller) {
  std::istringstream lines(proc_cgroup);
  // "4:cpu,cpuacct:/path"; v2's is "0::/path". The path may hold colons of its own.
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string id, controllers, path;
    std::getline(fields, id, ':');
    std::getline(fields, controllers, ':');
    std::getline(fields, path);
    const std::string among = "," + controllers + ",";
    const bool matches = controller.empty()
                             ? controllers.empty()
                             : among.find("," + controller + ",") != std::string::npos;
    if (matches) return path;
  }
  return "";
}

}  // namespace sandboxlet::agent
