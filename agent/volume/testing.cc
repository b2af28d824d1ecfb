#include "agent/volume/testing.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

#include "agent/volume/safe_remove.h"

namespace sandboxlet::agent {

namespace {

std::vector<std::string> mounts_below(const std::string& path) {
  std::vector<std::string> points;
  std::ifstream mountinfo("/proc/self/mountinfo");
  for (std::string line; std::getline(mountinfo, line);) {
    std::istringstream fields(line);
    std::string id, parent, device, root, point;
    fields >> id >> parent >> device >> root >> point;
    if (point.starts_with(path + "/")) points.push_back(point);
  }
  return points;
}

}  // namespace

Scratch::Scratch() : path_("/tmp/sandboxlet-test-XXXXXX") {
  if (mkdtemp(path_.data()) == nullptr) ADD_FAILURE() << "mkdtemp " << path_;
}

Scratch::~Scratch() {
  const std::vector<std::string> points = mounts_below(path_);
  for (auto point = points.rbegin(); point != points.rend(); ++point) {
    umount2(point->c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
  }
  EXPECT_TRUE(remove_tree(path_));
}

unsigned mode_of(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

}  // namespace sandboxlet::agent
