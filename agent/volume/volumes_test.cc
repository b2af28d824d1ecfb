#include "agent/volume/volumes.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "agent/volume/local_volumes.h"
#include "agent/volume/mounts.h"
#include "agent/volume/testing.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {
namespace {

namespace fs = std::filesystem;

constexpr EmptyDir kMemory{.memory = true, .size_limit = {}};

class VolumesTest : public testing::Test {
 protected:
  std::string stage(const std::string& name, auto source) {
    auto path = volumes_.stage("u-1", {name, source});
    EXPECT_TRUE(path) << path.error().message();
    return path ? *path : "";
  }
  static void put(const std::string& path) { std::ofstream{path} << "kept"; }

  const Scratch scratch_;
  const std::string home_ = scratch_.path() + "/sandboxes/u-1";
  LocalVolumes node_volumes_{scratch_.path()};
  Volumes volumes_{scratch_.path(), &node_volumes_};
};

class MountingVolumesTest : public VolumesTest {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "mounting needs root";
  }
};

TEST_F(VolumesTest, AnEmptyDirIsThereForEveryUserAndItsParentsForNone) {
  const mode_t umask_before = umask(077);
  const std::string path = stage("data", EmptyDir{});
  umask(umask_before);
  EXPECT_EQ(path, home_ + "/volumes/data");
  EXPECT_EQ(mode_of(path), 0777U);
  for (const auto& parent : {scratch_.path() + "/sandboxes", home_, home_ + "/volumes"}) {
    EXPECT_EQ(mode_of(parent), 0700U) << parent;
  }
}

TEST_F(VolumesTest, TheHostsFileIsReadByEveryUserAndGoesWithThePod) {
  const mode_t umask_before = umask(077);
  const auto path = volumes_.write_hosts("u-1", "10.0.0.2\tbox\n");
  umask(umask_before);
  ASSERT_TRUE(path) << path.error().message();
  EXPECT_EQ(mode_of(*path), 0644U);
  // The same file: a container that has it mounted sees the change.
  struct stat before {};
  struct stat after {};
  ::stat(path->c_str(), &before);
  ASSERT_TRUE(volumes_.write_hosts("u-1", "10.0.0.3\tbox\n"));
  ::stat(path->c_str(), &after);
  EXPECT_EQ(before.st_ino, after.st_ino);
  ASSERT_TRUE(volumes_.unstage_all("u-1"));
  EXPECT_FALSE(fs::exists(*path));
}

// As after a restart of the agent, while the Sandbox runs.
TEST_F(VolumesTest, StagingAgainLeavesAVolumeAsItsUserMadeIt) {
  for (const std::string& path : {stage("data", EmptyDir{}), stage("home", Claim{})}) {
    put(path + "/file");
    fs::permissions(path, fs::perms::owner_all);
  }
  for (const std::string& path : {stage("data", EmptyDir{}), stage("home", Claim{})}) {
    EXPECT_TRUE(fs::exists(path + "/file"));
    EXPECT_EQ(mode_of(path), 0700U);
  }
}

TEST_F(MountingVolumesTest, MemoryIsLimited) {
  const std::string path = stage("fast", EmptyDir{.memory = true, .size_limit = 100'000});
  EXPECT_EQ(mode_of(path), 0777U);
  const UniqueFd file(open((path + "/file").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const std::string block(4096, 'x');
  ssize_t total = 0;
  ssize_t written = 0;
  while ((written = write(file.get(), block.data(), block.size())) > 0) total += written;
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_EQ(total, 102'400);
}

TEST_F(MountingVolumesTest, ALimitOfNothingIsNoLimit) {
  struct statvfs zero {};
  struct statvfs unset {};
  ASSERT_EQ(statvfs(stage("zero", EmptyDir{.memory = true, .size_limit = 0}).c_str(), &zero), 0);
  ASSERT_EQ(statvfs(stage("unset", kMemory).c_str(), &unset), 0);
  EXPECT_EQ(zero.f_blocks, unset.f_blocks);
  EXPECT_GT(unset.f_blocks, 0U);
}

TEST_F(MountingVolumesTest, MemoryTakesNoDevicesAndNoSetuid) {
  struct statvfs status {};
  ASSERT_EQ(statvfs(stage("fast", kMemory).c_str(), &status), 0);
  EXPECT_EQ(status.f_flag & (ST_NODEV | ST_NOSUID), ST_NODEV | ST_NOSUID);
}

TEST_F(MountingVolumesTest, StagingAgainMountsOnlyOnce) {
  const std::string path = stage("fast", kMemory);
  put(path + "/file");
  EXPECT_EQ(stage("fast", kMemory), path);
  EXPECT_TRUE(fs::exists(path + "/file"));
  ASSERT_EQ(umount2(path.c_str(), 0), 0);
  EXPECT_FALSE(*is_mount_point(path));
}

TEST_F(MountingVolumesTest, ADataRootMayBeALink) {
  const std::string link = scratch_.path() + "/link";
  fs::create_directory_symlink(scratch_.path(), link);
  Volumes volumes(link);
  for (int again = 0; again < 2; ++again) {
    ASSERT_TRUE(volumes.stage("u-1", {"fast", kMemory}));
  }
  ASSERT_TRUE(volumes.unstage_all("u-1"));
  EXPECT_FALSE(fs::exists(home_ + "/volumes"));
}

TEST_F(VolumesTest, UnstagingKeepsOnlyClaims) {
  const std::string scratch = stage("scratch", EmptyDir{});
  const std::string claim = stage("home", Claim{});
  put(claim + "/file");
  ASSERT_TRUE(volumes_.unstage_all("u-1"));
  EXPECT_FALSE(fs::exists(scratch));
  EXPECT_TRUE(fs::exists(claim + "/file"));
  EXPECT_FALSE(volumes_.on_disk("u-1")->staged);
  EXPECT_TRUE(volumes_.on_disk("u-1")->any);
  EXPECT_TRUE(volumes_.unstage_all("u-1"));
}

TEST_F(MountingVolumesTest, UnstagingUnmountsMemoryThatIsInUse) {
  const std::string path = stage("fast", kMemory);
  const UniqueFd in_use(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_TRUE(volumes_.unstage_all("u-1"));
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(VolumesTest, RemovingTakesAll) {
  stage("home", Claim{});
  stage("data", EmptyDir{});
  EXPECT_THAT(*volumes_.list(), testing::ElementsAre("u-1"));
  ASSERT_TRUE(volumes_.remove("u-1"));
  EXPECT_THAT(*volumes_.list(), testing::IsEmpty());
  EXPECT_FALSE(volumes_.on_disk("u-1")->any);
  EXPECT_TRUE(volumes_.remove("u-1"));
}

TEST_F(VolumesTest, PersistentVolumesOfTheNodeAreItsPathsAndOutliveTheSandbox) {
  const std::string path = scratch_.path() + "/precious";
  fs::create_directory(path);
  put(path + "/file");
  EXPECT_EQ(stage("a", PersistentVolume{Local{path}}), path);
  EXPECT_EQ(stage("b", PersistentVolume{HostPath{path, "Directory"}}), path);
  ASSERT_TRUE(volumes_.remove("u-1"));
  EXPECT_TRUE(fs::exists(path + "/file"));
}

TEST_F(VolumesTest, APersistentVolumeOfAnotherKindIsRefusedByItsName) {
  const auto staged = volumes_.stage("u-1", {"data", PersistentVolume{OtherKind{"csi"}}});
  ASSERT_FALSE(staged);
  EXPECT_EQ(staged.error().code(), Code::kUnimplemented);
  EXPECT_THAT(staged.error().message(), testing::HasSubstr("csi"));
}

TEST_F(VolumesTest, ListsOnlyWhatCanBeAUid) {
  EXPECT_THAT(*volumes_.list(), testing::IsEmpty());
  stage("home", Claim{});
  fs::create_directory(scratch_.path() + "/sandboxes/.making-u-2");
  fs::create_directory(scratch_.path() + "/sandboxes/lost+found");
  EXPECT_THAT(*volumes_.list(), testing::ElementsAre("u-1"));
}

TEST_F(VolumesTest, NamesMakeNoPaths) {
  const std::string long_name(300, 'a');
  for (const char* name : {"", ".", "..", "../x", "a/b", "A", ".a", "a\n", long_name.c_str()}) {
    EXPECT_FALSE(volumes_.stage("u-1", {name, EmptyDir{}})) << name;
    EXPECT_FALSE(volumes_.stage("u-1", {name, Claim{}})) << name;
    EXPECT_FALSE(volumes_.stage(name, {"v", EmptyDir{}})) << name;
    EXPECT_FALSE(volumes_.unstage_all(name)) << name;
    EXPECT_FALSE(volumes_.remove(name)) << name;
    EXPECT_FALSE(volumes_.on_disk(name)) << name;
  }
}

TEST_F(VolumesTest, AVolumeThatBecameALinkIsNotUsed) {
  const std::string volume = stage("data", EmptyDir{});
  fs::remove(volume);
  fs::create_directory_symlink("/etc", volume);
  EXPECT_FALSE(volumes_.stage("u-1", {"data", EmptyDir{}}));
  EXPECT_TRUE(volumes_.remove("u-1"));
  EXPECT_TRUE(fs::exists("/etc/passwd"));
}

TEST_F(MountingVolumesTest, WhatOthersMountedInAVolumeIsNeitherEmptiedNorUnmounted) {
  const std::string precious = scratch_.path() + "/precious";
  fs::create_directory(precious);
  put(precious + "/file");
  const std::string point = stage("data", EmptyDir{}) + "/a/mounted";
  fs::create_directories(point);
  ASSERT_EQ(mount(precious.c_str(), point.c_str(), nullptr, MS_BIND, nullptr), 0);
  EXPECT_EQ(volumes_.remove("u-1").error().errno_value(), EBUSY);
  EXPECT_TRUE(fs::exists(precious + "/file"));
  EXPECT_TRUE(volumes_.on_disk("u-1")->staged);
}

TEST_F(VolumesTest, AVolumeIsWholeWhereverStagingWasCutOff) {
  fs::create_directories(home_ + "/volumes/.making-data");
  fs::create_directories(home_ + "/claims/.making-home");
  EXPECT_EQ(mode_of(stage("data", EmptyDir{})), 0777U);
  EXPECT_EQ(mode_of(stage("home", Claim{})), 0777U);
}

TEST_F(VolumesTest, AVolumeIsEmptyWhereverUnstagingWasCutOff) {
  put(stage("data", EmptyDir{}) + "/old");
  fs::rename(home_ + "/volumes", home_ + "/discarded");
  EXPECT_TRUE(volumes_.on_disk("u-1")->staged);
  EXPECT_TRUE(fs::is_empty(stage("data", EmptyDir{})));
  EXPECT_FALSE(fs::exists(home_ + "/discarded"));
}

// kill -9 at many instants of staging, writing and unstaging.
TEST_F(VolumesTest, AVolumeIsWholeAndNewWheneverTheAgentDies) {
  for (int microseconds = 0; microseconds < 4000; microseconds += 40) {
    const pid_t agent = fork();
    if (agent == 0) {
      Volumes volumes(scratch_.path());
      for (;;) {
        const auto path = volumes.stage("u-1", {"data", EmptyDir{}});
        if (!path || !fs::is_empty(*path)) _exit(1);
        for (const char* name : {"/a/b", "/c/d"}) fs::create_directories(*path + name);
        if (!volumes.unstage_all("u-1")) _exit(2);
      }
    }
    usleep(microseconds);
    kill(agent, SIGKILL);
    int status = 0;
    waitpid(agent, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "exit code " << WEXITSTATUS(status);
    ASSERT_TRUE(volumes_.unstage_all("u-1"));
    EXPECT_FALSE(volumes_.on_disk("u-1")->staged);
    EXPECT_EQ(mode_of(stage("data", EmptyDir{})), 0777U);
    ASSERT_TRUE(volumes_.unstage_all("u-1"));
  }
}

TEST_F(VolumesTest, VolumesOfOneSandboxAreStagedSideBySide) {
  for (int round = 0; round < 50; ++round) {
    std::vector<std::thread> threads;
    for (const char* name : {"a", "b", "c", "d"}) {
      threads.emplace_back([this, name] { stage(name, EmptyDir{}); });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_TRUE(volumes_.remove("u-1"));
  }
}

// ---- Volumes of the node

class NodeVolumesTest : public VolumesTest {
 protected:
  void SetUp() override {
    const NewVolume wanted{VolumeMode::kDirectory, 1, {"default", "data-box", "c-1"}};
    ASSERT_TRUE(node_volumes_.create("pvc-1", wanted));
  }
  std::string stage_for(const std::string& uid) {
    auto path = volumes_.stage(uid, {"data", PersistentVolume{NodeVolume{"pvc-1"}}});
    EXPECT_TRUE(path) << path.error().message();
    return path.value_or("");
  }
  bool is_in_use() const { return volumes_.is_in_use("pvc-1").value(); }
};

TEST_F(NodeVolumesTest, AreTheSameForAllThatUseThem) {
  put(stage_for("u-1") + "/file");
  EXPECT_TRUE(fs::exists(stage_for("u-2") + "/file"));
}

TEST_F(NodeVolumesTest, AreInUseUntilTheLastIsUnstaged) {
  EXPECT_FALSE(is_in_use());
  stage_for("u-1");
  stage_for("u-2");
  ASSERT_TRUE(volumes_.unstage_all("u-1"));
  EXPECT_TRUE(is_in_use());
  EXPECT_FALSE(*volumes_.is_in_use("pvc-1", "u-2"));
  ASSERT_TRUE(volumes_.unstage_all("u-2"));
  EXPECT_FALSE(is_in_use());
}

TEST_F(NodeVolumesTest, StayWithTheirDataWhenASandboxIsRemoved) {
  const std::string path = stage_for("u-1");
  put(path + "/file");
  ASSERT_TRUE(volumes_.remove("u-1"));
  EXPECT_TRUE(fs::exists(path + "/file"));
  EXPECT_FALSE(is_in_use());
}

TEST_F(NodeVolumesTest, AreKnownToALaterLifeUntilTheyAreUnstaged) {
  stage_for("u-1");
  Volumes later(scratch_.path(), &node_volumes_);
  const auto known = later.staged_from("u-1", "data");
  ASSERT_TRUE(known && *known);
  EXPECT_EQ(std::get<NodeVolume>((*known)->source).name, "pvc-1");
  EXPECT_TRUE(later.on_disk("u-1")->staged);
  ASSERT_TRUE(later.unstage_all("u-1"));
  EXPECT_FALSE(*later.staged_from("u-1", "data"));
}

TEST_F(NodeVolumesTest, OneThatIsGoneIsToldAndLeavesNothingInTheWay) {
  EXPECT_EQ(volumes_.stage("u-1", {"data", PersistentVolume{NodeVolume{"pvc-2"}}}).error().code(),
            Code::kNotFound);
  EXPECT_TRUE(volumes_.on_disk("u-1")->staged);
  EXPECT_TRUE(volumes_.remove("u-1"));
  EXPECT_FALSE(fs::exists(home_));
}

}  // namespace
}  // namespace sandboxlet::agent
