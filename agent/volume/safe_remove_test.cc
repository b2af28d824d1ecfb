#include "agent/volume/safe_remove.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "agent/volume/testing.h"
#include "base/unique_fd.h"

namespace {

// Called in the instant after the kernel said that a directory is not empty.
std::function<void()> after_not_empty;

}  // namespace

// In libc's place, so that a test may act between two system calls of the code under test.
extern "C" int unlinkat(int dir, const char* name, int flags) noexcept {
  const auto result = static_cast<int>(syscall(SYS_unlinkat, dir, name, flags));
  const int error = errno;
  if (result != 0 && error == ENOTEMPTY && after_not_empty) after_not_empty();
  errno = error;
  return result;
}

namespace sandboxlet::agent {
namespace {

namespace fs = std::filesystem;

class SafeRemoveTest : public testing::Test {
 protected:
  SafeRemoveTest() {
    fs::create_directories(tree_);
    fs::create_directories(outside_);
    std::ofstream{outside_ + "/file"} << "kept";
  }
  bool outside_is_whole() const { return fs::exists(outside_ + "/file"); }

  const Scratch scratch_;
  const std::string tree_ = scratch_.path() + "/tree";
  const std::string outside_ = scratch_.path() + "/outside";
};

UniqueFd open_in(int parent, const char* name) {
  return UniqueFd(openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// A chain of directories below path, a file in each.
void dig(const std::string& path, int levels) {
  UniqueFd at = open_in(AT_FDCWD, path.c_str());
  for (int level = 0; level < levels; ++level) {
    ASSERT_EQ(mkdirat(at.get(), "deeper", 0700), 0);
    const UniqueFd file(openat(at.get(), "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    at = open_in(at.get(), "deeper");
  }
}

TEST_F(SafeRemoveTest, TakesEveryKindOfEntry) {
  fs::create_directories(tree_ + "/a/b/c");
  std::ofstream{tree_ + "/a/file"} << "x";
  ASSERT_EQ(mkfifo((tree_ + "/a/b/fifo").c_str(), 0600), 0);
  fs::create_symlink("nowhere", tree_ + "/a/dangling");
  fs::create_directory(tree_ + "/closed");
  fs::permissions(tree_ + "/closed", fs::perms::none);
  EXPECT_TRUE(remove_tree(tree_));
  EXPECT_FALSE(fs::exists(tree_));
  EXPECT_TRUE(remove_tree(tree_));
}

TEST_F(SafeRemoveTest, FollowsNoLink) {
  fs::create_directories(tree_ + "/a");
  fs::create_directory_symlink(outside_, tree_ + "/a/link");
  fs::create_symlink(outside_ + "/file", tree_ + "/link");
  EXPECT_TRUE(remove_tree(tree_));
  EXPECT_FALSE(fs::exists(tree_));
  EXPECT_TRUE(outside_is_whole());
}

TEST_F(SafeRemoveTest, RefusesALinkInPlaceOfTheTree) {
  const std::string link = scratch_.path() + "/link";
  fs::create_directory_symlink(outside_, link);
  EXPECT_FALSE(remove_tree(link));
  EXPECT_TRUE(outside_is_whole());
}

// What a Sandbox may do that still runs: a directory becomes a link just after it was looked at.
TEST_F(SafeRemoveTest, FollowsNoLinkThatIsSwappedInMeanwhile) {
  fs::create_directories(tree_ + "/victim/full");
  fs::create_directory_symlink(outside_, tree_ + "/victim/link");
  int swaps = 0;
  after_not_empty = [&] {
    if (swaps++ > 0) return;
    fs::rename(tree_ + "/victim", scratch_.path() + "/hidden");
    fs::create_directory_symlink(outside_, tree_ + "/victim");
  };
  EXPECT_FALSE(remove_tree(tree_));
  after_not_empty = nullptr;
  EXPECT_GT(swaps, 0);
  EXPECT_TRUE(outside_is_whole());
  EXPECT_TRUE(remove_tree(tree_));
}

TEST_F(SafeRemoveTest, NeedsNoMoreDescriptorsOrPathForADeeperTree) {
  ASSERT_NO_FATAL_FAILURE(dig(tree_, 2000));
  EXPECT_TRUE(remove_tree(tree_));
  EXPECT_FALSE(fs::exists(tree_));
}

TEST_F(SafeRemoveTest, TakesAWideTree) {
  for (int i = 0; i < 200; ++i) fs::create_directories(tree_ + "/d" + std::to_string(i) + "/e/f");
  EXPECT_TRUE(remove_tree(tree_));
  EXPECT_FALSE(fs::exists(tree_));
}

// What an earlier try moved to the top, and a Sandbox that knows how it names that.
TEST_F(SafeRemoveTest, GoesOnWithWhatAnEarlierTryLeft) {
  for (int i = 0; i < 200; ++i) {
    fs::create_directories(tree_ + "/.removing-" + std::to_string(i) + "/full");
  }
  fs::create_directories(tree_ + "/a/b/c");
  EXPECT_TRUE(remove_tree(tree_));
  EXPECT_FALSE(fs::exists(tree_));
}

TEST_F(SafeRemoveTest, BearsAnotherCallerAtTheSameTree) {
  for (int round = 0; round < 20; ++round) {
    fs::create_directory(tree_);
    ASSERT_NO_FATAL_FAILURE(dig(tree_, 50));
    bool other = false;
    std::thread thread([&] { other = remove_tree(tree_).has_value(); });
    const bool mine = remove_tree(tree_).has_value();
    thread.join();
    EXPECT_TRUE(mine);
    EXPECT_TRUE(other);
    EXPECT_FALSE(fs::exists(tree_));
  }
}

TEST_F(SafeRemoveTest, DoesNotEmptyWhatIsMountedInside) {
  if (geteuid() != 0) GTEST_SKIP() << "mounting needs root";
  const std::string point = tree_ + "/a/mounted";
  fs::create_directories(point);
  ASSERT_EQ(mount(outside_.c_str(), point.c_str(), nullptr, MS_BIND, nullptr), 0);
  const auto removed = remove_tree(tree_);
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().errno_value(), EBUSY);
  EXPECT_TRUE(outside_is_whole());
}

}  // namespace
}  // namespace sandboxlet::agent
