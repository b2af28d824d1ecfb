#include "agent/watchdog/small_file.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sandboxlet::agent {
namespace {

// A file system that holds two pages.
class SmallFileTest : public testing::Test {
 protected:
  void SetUp() override {
    if (mount("small", root_.c_str(), "tmpfs", 0, "size=8192") != 0) GTEST_SKIP() << "cannot mount";
  }
  ~SmallFileTest() override {
    umount2(root_.c_str(), MNT_DETACH);
    std::filesystem::remove_all(root_);
  }
  static std::string make_root() {
    char name[] = "/tmp/small-XXXXXX";
    return mkdtemp(name);
  }
  void fill() {
    std::ofstream other(root_ + "/other");
    while (other << 'x' << std::flush) {
    }
  }
  std::string text() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const std::string root_ = make_root();
  const std::string path_ = root_ + "/file";
};

TEST_F(SmallFileTest, IsReplacedAsAWhole) {
  ASSERT_TRUE(replace_file(path_, "a long text"));
  ASSERT_TRUE(replace_file(path_, "short"));
  EXPECT_EQ(text(), "short");
  EXPECT_FALSE(replace_file(root_ + "/none/file", "text"));
}

TEST_F(SmallFileTest, IsWrittenOverWhereTheDiskIsFull) {
  ASSERT_TRUE(replace_file(path_, "before"));
  fill();
  ASSERT_TRUE(replace_file(path_, "behind"));
  EXPECT_EQ(text(), "behind");
  EXPECT_EQ(replace_file(path_, "longer than before").error().errno_value(), ENOSPC);
  EXPECT_EQ(text(), "behind");
}

}  // namespace
}  // namespace sandboxlet::agent
