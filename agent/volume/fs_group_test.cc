#include "agent/volume/fs_group.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "agent/volume/testing.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {
namespace {

namespace fs = std::filesystem;

constexpr gid_t kGroup = 4711;

gid_t group_of(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 ? status.st_gid : 0;
}

class FsGroupTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "chown needs root";
    fs::create_directories(volume_ + "/a/b");
    fs::create_directories(outside_);
  }
  static void make(const std::string& path, mode_t mode) {
    std::ofstream{path} << "x";
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
  }
  // The group and the permissions in one, as "4711 02770" would be told.
  static std::pair<gid_t, unsigned> seen(const std::string& path) {
    return {group_of(path), mode_of(path)};
  }
  void apply(FsGroupChange change) {
    const auto applied = apply_fs_group(volume_, kGroup, change);
    ASSERT_TRUE(applied) << applied.error().message();
  }

  const Scratch scratch_;
  const std::string volume_ = scratch_.path() + "/volume";
  const std::string outside_ = scratch_.path() + "/outside";
};

TEST_F(FsGroupTest, TheGroupReadsAndWritesAllAndWhatIsMadeLater) {
  make(volume_ + "/a/private", 0600);
  make(volume_ + "/a/read-only", 0444);
  fs::permissions(volume_ + "/a/b", fs::perms::owner_read);
  apply(FsGroupChange::kAlways);
  using Seen = std::pair<gid_t, unsigned>;
  EXPECT_EQ(seen(volume_), Seen(kGroup, 02775));
  EXPECT_EQ(seen(volume_ + "/a/b"), Seen(kGroup, 02770));
  EXPECT_EQ(seen(volume_ + "/a/private"), Seen(kGroup, 0660));
  EXPECT_EQ(seen(volume_ + "/a/read-only"), Seen(kGroup, 0664));
  make(volume_ + "/a/b/later", 0600);
  EXPECT_EQ(group_of(volume_ + "/a/b/later"), kGroup);
}

TEST_F(FsGroupTest, AProgramKeepsSetUid) {
  make(volume_ + "/program", 04755);
  apply(FsGroupChange::kAlways);
  EXPECT_EQ(mode_of(volume_ + "/program"), 04775U);
}

TEST_F(FsGroupTest, FilesOfAllKindsAreGivenAndNoneIsOpened) {
  ASSERT_EQ(mkfifo((volume_ + "/fifo").c_str(), 0600), 0);
  apply(FsGroupChange::kAlways);
  EXPECT_EQ(mode_of(volume_ + "/fifo"), 0660U);
}

TEST_F(FsGroupTest, LinksAreNotFollowed) {
  make(outside_ + "/file", 0600);
  fs::create_directory_symlink(outside_, volume_ + "/a/link");
  fs::create_symlink(outside_ + "/file", volume_ + "/file");
  apply(FsGroupChange::kAlways);
  EXPECT_EQ(group_of(volume_ + "/file"), kGroup);
  EXPECT_EQ(mode_of(outside_ + "/file"), 0600U);
  EXPECT_EQ(group_of(outside_ + "/file"), 0U);
  EXPECT_EQ(group_of(outside_), 0U);
  fs::create_directory_symlink(outside_, scratch_.path() + "/link");
  EXPECT_FALSE(apply_fs_group(scratch_.path() + "/link", kGroup, FsGroupChange::kAlways));
}

TEST_F(FsGroupTest, MountsInsideAreNotCrossed) {
  make(outside_ + "/file", 0600);
  ASSERT_EQ(mount(outside_.c_str(), (volume_ + "/a/b").c_str(), nullptr, MS_BIND, nullptr), 0);
  apply(FsGroupChange::kAlways);
  EXPECT_EQ(group_of(outside_), 0U);
  EXPECT_EQ(group_of(outside_ + "/file"), 0U);
  EXPECT_EQ(group_of(volume_ + "/a"), kGroup);
}

TEST_F(FsGroupTest, OnRootMismatchGoesByTheRootAlone) {
  apply(FsGroupChange::kOnRootMismatch);
  make(volume_ + "/a/later", 0600);
  apply(FsGroupChange::kOnRootMismatch);
  EXPECT_EQ(mode_of(volume_ + "/a/later"), 0600U);
  apply(FsGroupChange::kAlways);
  EXPECT_EQ(mode_of(volume_ + "/a/later"), 0660U);
  for (const mode_t less : {0775, 02755, 02675}) {
    make(volume_ + "/a/later", 0600);
    ASSERT_EQ(chmod(volume_.c_str(), less), 0);
    apply(FsGroupChange::kOnRootMismatch);
    EXPECT_EQ(mode_of(volume_ + "/a/later"), 0660U) << std::oct << less;
  }
}

// Deep enough that to hold each level open would take too many files, and its path too long.
TEST_F(FsGroupTest, ATreeThatIsTooDeepIsAnErrorAndItsRootIsNotGiven) {
  const std::string name(100, 'd');
  UniqueFd at(open(volume_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int level = 0; level < 50; ++level) {
    ASSERT_EQ(mkdirat(at.get(), name.c_str(), 0700), 0);
    at.reset(openat(at.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  const auto applied = apply_fs_group(volume_, kGroup, FsGroupChange::kAlways);
  EXPECT_EQ(applied.error().errno_value(), ENAMETOOLONG);
  EXPECT_EQ(group_of(volume_), 0U);
}

}  // namespace
}  // namespace sandboxlet::agent
