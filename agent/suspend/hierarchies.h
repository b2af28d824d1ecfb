#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/suspend/cgroups.h"

namespace sandboxlet::agent {

// Where the machine's cgroup hierarchies are mounted.
struct Hierarchies {
  // v1: by controller ("memory", "freezer", also "cpu" and "cpuacct" of one mount).
  std::map<std::string, std::string> v1;
  // The v2 mount; empty where there is none.
  std::string v2;

  // Every mount once.
  std::vector<std::string> mounts() const;
};

// Those of a mountinfo's text that lie at mount_root or below it. Pure.
Hierarchies parse_hierarchies(const std::string& mountinfo, const std::string& mount_root);

// The cgroup that a process is in, from the text of /proc/<pid>/cgroup: in the hierarchy of that v1
// controller, or for "" in v2's. Empty where there is no such line. Pure.
std::string cgroup_of(const std::string& proc_cgroup, const std::string& controller);

// v1 for v1 controllers, with or without a v2 hierarchy beside them. Free swap is read in proc.
std::unique_ptr<Cgroups> make_cgroups_v1(std::string root, Hierarchies hierarchies,
                                         std::string proc = "/proc");
std::unique_ptr<Cgroups> make_cgroups_v2(std::string root, Hierarchies hierarchies,
                                         std::string proc = "/proc");

}  // namespace sandboxlet::agent
