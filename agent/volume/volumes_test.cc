#include "agent/volume/volumes.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "agent/volume/directories.h"
#include "agent/volume/mounts.h"

namespace sandboxlet::agent {
namespace {

namespace fs = std::filesystem;

class VolumesTest : public testing::Test {
 protected:
  ~VolumesTest() override {
    EXPECT_TRUE(unmount_below(root_));
    EXPECT_TRUE(remove_tree(root_));
  }

  std::string stage(const std::string& name, auto source) {
    auto path = volumes_.stage("u-1", {name, source});
    EXPECT_TRUE(path) << path.error().message();
    return path ? *path : "";
  }
  std::string refusal(const std::string& path, const std::string& type) {
    const auto result = volumes_.stage("u-1", {"v", HostPath{path, type}});
    return result ? "" : result.error().message();
  }
  static mode_t mode(const std::string& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  }

  static std::string make_root() {
    char name[] = "/tmp/volumes-XXXXXX";
    return mkdtemp(name);
  }

  const std::string root_ = make_root();
  Volumes volumes_{root_};
};

TEST_F(VolumesTest, AnEmptyDirIsThereForEveryUser) {
  const std::string path = stage("data", EmptyDir{});
  EXPECT_EQ(path, root_ + "/sandboxes/u-1/volumes/data");
  EXPECT_EQ(mode(path), 0777);
}

TEST_F(VolumesTest, StagingAgainKeepsWhatIsInside) {
  std::ofstream(stage("data", EmptyDir{}) + "/file") << "kept";
  EXPECT_TRUE(fs::exists(stage("data", EmptyDir{}) + "/file"));
}

TEST_F(VolumesTest, MemoryIsLimited) {
  if (geteuid() != 0) GTEST_SKIP() << "mounting needs root";
  const std::string path = stage("fast", EmptyDir{.memory = true, .size_limit = 100'000});
  EXPECT_EQ(stage("fast", EmptyDir{.memory = true, .size_limit = 100'000}), path);
  EXPECT_EQ(mounts_below(path)->size(), 1);
  const int file = open((path + "/file").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const std::string block(4096, 'x');
  ssize_t total = 0;
  ssize_t written = 0;
  while ((written = write(file, block.data(), block.size())) > 0) total += written;
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_EQ(total, 102'400);
  close(file);
}

TEST_F(VolumesTest, UnstagingKeepsOnlyClaims) {
  const std::string scratch = stage("scratch", EmptyDir{});
  const std::string claim = stage("home", Claim{});
  std::ofstream(claim + "/file") << "kept";
  if (geteuid() == 0) stage("fast", EmptyDir{.memory = true, .size_limit = {}});
  ASSERT_TRUE(volumes_.unstage_all("u-1"));
  EXPECT_FALSE(fs::exists(scratch));
  EXPECT_TRUE(fs::exists(claim + "/file"));
  EXPECT_FALSE(volumes_.on_disk("u-1")->staged);
  EXPECT_TRUE(volumes_.on_disk("u-1")->any);
  EXPECT_TRUE(volumes_.unstage_all("u-1"));
}

TEST_F(VolumesTest, RemovingTakesAll) {
  stage("home", Claim{});
  EXPECT_THAT(*volumes_.list(), testing::ElementsAre("u-1"));
  ASSERT_TRUE(volumes_.remove("u-1"));
  EXPECT_THAT(*volumes_.list(), testing::IsEmpty());
  EXPECT_TRUE(volumes_.remove("u-1"));
}

TEST_F(VolumesTest, AHostPathIsHeldToItsType) {
  const std::string directory = root_ + "/directory";
  const std::string file = root_ + "/file";
  const std::string none = root_ + "/none";
  fs::create_directory(directory);
  std::ofstream(file) << "x";
  EXPECT_EQ(refusal(directory, "Directory"), "");
  EXPECT_EQ(refusal(file, "File"), "");
  EXPECT_EQ(refusal("/dev/null", "CharDevice"), "");
  EXPECT_EQ(refusal(none, ""), "");
  const std::string failed = "hostPath type check failed: ";
  EXPECT_EQ(refusal(none, "Directory"), failed + none + " is not a directory");
  EXPECT_EQ(refusal(file, "DirectoryOrCreate"), failed + file + " is not a directory");
  EXPECT_EQ(refusal(directory, "FileOrCreate"), failed + directory + " is not a file");
  EXPECT_EQ(refusal(directory, "Socket"), failed + directory + " is not a socket file");
  EXPECT_EQ(refusal(file, "CharDevice"), failed + file + " is not a character device");
  EXPECT_EQ(refusal(file, "BlockDevice"), failed + file + " is not a block device");
  EXPECT_EQ(refusal(none + "/a", "DirectoryOrCreate"), "");
  EXPECT_TRUE(fs::is_directory(none + "/a"));
  EXPECT_EQ(refusal(none + "/f", "FileOrCreate"), "");
  EXPECT_TRUE(fs::is_regular_file(none + "/f"));
}

TEST_F(VolumesTest, NamesMakeNoPaths) {
  for (const char* name : {"", ".", "..", "../x", "a/b", "A"}) {
    EXPECT_FALSE(volumes_.stage("u-1", {name, EmptyDir{}})) << name;
    EXPECT_FALSE(volumes_.stage(name, {"v", EmptyDir{}})) << name;
    EXPECT_FALSE(volumes_.remove(name)) << name;
  }
}

TEST_F(VolumesTest, RemovingFollowsNoLink) {
  const std::string outside = root_ + "/outside";
  fs::create_directory(outside);
  std::ofstream(outside + "/file") << "kept";
  const std::string volume = stage("data", EmptyDir{});
  fs::create_directory_symlink(outside, volume + "/link");
  ASSERT_TRUE(volumes_.remove("u-1"));
  EXPECT_TRUE(fs::exists(outside + "/file"));
}

TEST_F(VolumesTest, AVolumeThatBecameALinkIsNotUsed) {
  const std::string volume = stage("data", EmptyDir{});
  fs::remove(volume);
  fs::create_directory_symlink("/etc", volume);
  EXPECT_FALSE(volumes_.stage("u-1", {"data", EmptyDir{}}));
  EXPECT_TRUE(volumes_.remove("u-1"));
}

TEST_F(VolumesTest, RemovesATreeDeeperThanAnyPathOrFileLimit) {
  constexpr int kLevels = 3000;
  const std::string volume = stage("data", EmptyDir{});
  int at = open(volume.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (int level = 0; level < kLevels; ++level) {
    ASSERT_EQ(mkdirat(at, "deeper", 0700), 0);
    close(openat(at, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    const int next = openat(at, "deeper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    close(at);
    at = next;
  }
  close(at);
  EXPECT_TRUE(volumes_.remove("u-1"));
  EXPECT_FALSE(fs::exists(volume));
}

TEST_F(VolumesTest, DoesNotEmptyWhatIsMountedInside) {
  if (geteuid() != 0) GTEST_SKIP() << "mounting needs root";
  const std::string tree = root_ + "/tree";
  fs::create_directories(tree + "/a/mounted");
  ASSERT_EQ(mount("tmpfs", (tree + "/a/mounted").c_str(), "tmpfs", 0, ""), 0);
  std::ofstream(tree + "/a/mounted/file") << "kept";
  const auto removed = remove_tree(tree);
  EXPECT_FALSE(removed);
  EXPECT_EQ(removed.error().errno_value(), EBUSY);
}

TEST(MountPoints, ResolvesEscapes) {
  EXPECT_THAT(mount_points("22 28 0:21 / /a\\040b rw - tmpfs tmpfs rw\n23 28 0:22 / /c rw\n"),
              testing::ElementsAre("/a b", "/c"));
}

}  // namespace
}  // namespace sandboxlet::agent
