#include "agent/volume/local_volumes_testing.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/unique_fd.h"

namespace sandboxlet::agent {

namespace fs = std::filesystem;

std::string LocalVolumesTest::stage(const std::string& volume) {
  auto path = volumes_.stage(volume);
  EXPECT_TRUE(path) << path.error().message();
  return path ? *path : "";
}

void LocalVolumesTest::unstage(const std::string& volume) {
  const auto unstaged = volumes_.unstage(volume);
  ASSERT_TRUE(unstaged) << unstaged.error().message();
}

void ImageVolumesTest::SetUp() {
  if (geteuid() != 0) GTEST_SKIP() << "mounting needs root";
  if (!UniqueFd(open("/dev/loop-control", O_RDWR | O_CLOEXEC))) {
    GTEST_SKIP() << "this machine has no loop devices";
  }
}

void ImageVolumesTest::create(const std::string& volume, int64_t size) {
  const auto made = volumes_.create(volume, image(size));
  ASSERT_TRUE(made) << made.error().message();
}

bool ImageVolumesTest::has_all_blocks(const std::string& volume, int64_t size) const {
  // Not by SEEK_HOLE, which takes blocks that were never written for a hole.
  struct stat status {};
  EXPECT_EQ(stat((path_of(volume) + "/image").c_str(), &status), 0);
  return status.st_size == size && status.st_blocks * 512 >= size;
}

std::vector<std::string> loops_of(const std::string& part) {
  std::vector<std::string> loops;
  for (const auto& device : fs::directory_iterator("/sys/block")) {
    std::string file = text_of(device.path().string() + "/loop/backing_file");
    if (!file.empty() && file.find(part) != std::string::npos) loops.push_back(std::move(file));
  }
  return loops;
}

int mounts_at(const std::string& path) {
  int mounts = 0;
  std::ifstream mountinfo("/proc/self/mountinfo");
  for (std::string line; std::getline(mountinfo, line);) {
    std::istringstream fields(line);
    std::string id, parent, device, root, point;
    fields >> id >> parent >> device >> root >> point;
    if (point == path) ++mounts;
  }
  return mounts;
}

int64_t room_in(const std::string& path) {
  struct statvfs status {};
  EXPECT_EQ(statvfs(path.c_str(), &status), 0) << path;
  return static_cast<int64_t>(status.f_blocks * status.f_frsize);
}

void fill(const std::string& directory) {
  const UniqueFd file(
      open((directory + "/fill").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  const std::string block(65536, 'x');
  while (write(file.get(), block.data(), block.size()) > 0) {
  }
  EXPECT_EQ(errno, ENOSPC);
}

void put(const std::string& path, const std::string& text) { std::ofstream{path} << text; }

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  // Bears a read error, as of a loop device that goes meanwhile.
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace sandboxlet::agent
