#include "agent/volume/local_volumes.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "agent/volume/local_volumes_testing.h"
#include "agent/volume/mounts.h"
#include "agent/volume/volume_image.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {
namespace {

namespace fs = std::filesystem;

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST_F(LocalVolumesTest, ADirectoryIsOpenToAllAndItsParentsToNone) {
  const mode_t umask_before = umask(077);
  ASSERT_TRUE(volumes_.create("pv-1", directory(kMiB)));
  umask(umask_before);
  EXPECT_EQ(stage("pv-1"), path_of("pv-1") + "/data");
  EXPECT_EQ(mode_of(path_of("pv-1") + "/data"), 0777U);
  EXPECT_EQ(mode_of(path_of("pv-1")), 0700U);
  EXPECT_EQ(mode_of(root_), 0700U);
}

TEST_F(LocalVolumesTest, CreatingAgainAnswersWhatWasMade) {
  const auto made = volumes_.create("pv-1", directory(kMiB));
  ASSERT_TRUE(made);
  put(stage("pv-1") + "/file", "kept");
  EXPECT_EQ(*volumes_.create("pv-1", directory(kMiB)), *made);
  EXPECT_EQ(text_of(stage("pv-1") + "/file"), "kept");
}

TEST_F(LocalVolumesTest, ANameIsTakenByOneClaimModeAndSize) {
  ASSERT_TRUE(volumes_.create("pv-1", directory(kMiB)));
  NewVolume others = directory(kMiB);
  others.claim.uid = "u-2";
  for (const NewVolume& other : {others, image(kMiB), directory(2 * kMiB)}) {
    EXPECT_EQ(volumes_.create("pv-1", other).error().code(), Code::kAlreadyExists);
  }
}

TEST_F(LocalVolumesTest, NamesMakeNoPaths) {
  const std::string long_name(300, 'a');
  for (const char* name : {"", ".", "..", "../x", "a/b", "A", ".making-a", long_name.c_str()}) {
    EXPECT_FALSE(volumes_.create(name, directory(0))) << name;
    EXPECT_FALSE(volumes_.stage(name)) << name;
    EXPECT_FALSE(volumes_.unstage(name)) << name;
    EXPECT_FALSE(volumes_.expand(name, 0)) << name;
    EXPECT_FALSE(volumes_.remove(name)) << name;
  }
  EXPECT_TRUE(volumes_.create(std::string(240, 'a'), directory(0)));
}

TEST_F(LocalVolumesTest, WhatIsNotThereIsUnstagedAndRemovedButNotStaged) {
  EXPECT_EQ(volumes_.stage("pv-1").error().code(), Code::kNotFound);
  EXPECT_EQ(volumes_.expand("pv-1", kMiB).error().code(), Code::kNotFound);
  EXPECT_TRUE(volumes_.unstage("pv-1"));
  EXPECT_TRUE(volumes_.remove("pv-1"));
  EXPECT_TRUE(volumes_.recover());
  EXPECT_THAT(*volumes_.list(), IsEmpty());
}

TEST_F(LocalVolumesTest, ListsWhatThereIs) {
  ASSERT_TRUE(volumes_.create("pv-1", directory(kMiB)));
  ASSERT_TRUE(volumes_.create("pv-2", directory(0)));
  fs::create_directory(root_ + "/lost+found");
  EXPECT_THAT(*volumes_.list(), UnorderedElementsAre(Field(&LocalVolume::name, "pv-1"),
                                                     Field(&LocalVolume::name, "pv-2")));
  ASSERT_TRUE(volumes_.remove("pv-1"));
  const auto left = *volumes_.list();
  ASSERT_THAT(left, ElementsAre(Field(&LocalVolume::name, "pv-2")));
  EXPECT_EQ(left[0].record.claim, kClaim);
  EXPECT_FALSE(left[0].used);
}

TEST_F(LocalVolumesTest, EveryVolumeCountsWithItsFullSize) {
  LocalVolumes volumes(scratch_.path(), 100 * kMiB);
  EXPECT_EQ(volumes.capacity()->total, 100 * kMiB);
  ASSERT_TRUE(volumes.create("pv-1", directory(40 * kMiB)));
  ASSERT_TRUE(volumes.create("pv-2", directory(50 * kMiB)));
  EXPECT_EQ(volumes.capacity()->left, 10 * kMiB);
  EXPECT_EQ(volumes.create("pv-3", directory(11 * kMiB)).error().code(), Code::kResourceExhausted);
  EXPECT_EQ(volumes.expand("pv-1", 51 * kMiB).error().code(), Code::kResourceExhausted);
  EXPECT_EQ(volumes.expand("pv-1", 50 * kMiB).value(), true);
  EXPECT_EQ(volumes.capacity()->left, 0);
  ASSERT_TRUE(volumes.remove("pv-2"));
  EXPECT_EQ(volumes.capacity()->left, 50 * kMiB);
  EXPECT_THAT(*volumes.list(), testing::SizeIs(1));
}

TEST_F(LocalVolumesTest, WhatTheDiskHasNotIsNotLeft) {
  const auto capacity = volumes_.capacity();
  struct statvfs disk {};
  ASSERT_EQ(statvfs(root_.c_str(), &disk), 0);
  EXPECT_EQ(capacity->total, static_cast<int64_t>(disk.f_blocks * disk.f_frsize));
  EXPECT_LT(capacity->left, capacity->total);
  EXPECT_EQ(volumes_.create("pv-1", directory(capacity->total)).error().code(),
            Code::kResourceExhausted);
}

TEST_F(LocalVolumesTest, NothingShrinks) {
  ASSERT_TRUE(volumes_.create("pv-1", directory(2 * kMiB)));
  EXPECT_EQ(volumes_.expand("pv-1", kMiB).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(volumes_.list()->at(0).record.size, 2 * kMiB);
}

TEST_F(LocalVolumesTest, ADamagedRecordIsAnErrorAndItsDataStays) {
  ASSERT_TRUE(volumes_.create("pv-1", directory(kMiB)));
  ASSERT_TRUE(volumes_.create("pv-2", directory(kMiB)));
  put(stage("pv-1") + "/file", "kept");
  for (const char* text : {"", "{}", "[1]", R"({"mode":"image","size":-1})", "{\"mode\":"}) {
    put(path_of("pv-1") + "/record.json", text);
    EXPECT_FALSE(volumes_.stage("pv-1")) << text;
    EXPECT_FALSE(volumes_.list()) << text;
    EXPECT_FALSE(volumes_.recover()) << text;
  }
  EXPECT_EQ(text_of(path_of("pv-1") + "/data/file"), "kept");
  EXPECT_TRUE(volumes_.remove("pv-1"));
  EXPECT_TRUE(volumes_.recover());
}

TEST_F(LocalVolumesTest, OnlyWhatNobodyHasPutAnythingIntoIsRemovedAsUnused) {
  ASSERT_TRUE(volumes_.create("pvc-1", directory(1)));
  put(stage("pvc-1") + "/file", "kept");
  EXPECT_FALSE(*volumes_.remove_unused("pvc-1"));
  fs::remove(path_of("pvc-1") + "/data/file");
  EXPECT_TRUE(*volumes_.remove_unused("pvc-1"));
  EXPECT_FALSE(fs::exists(path_of("pvc-1")));
  EXPECT_TRUE(*volumes_.remove_unused("pvc-1"));
}

TEST_F(LocalVolumesTest, RecoveringClearsAwayWhatIsHalfMadeOrHalfRemovedAndNothingElse) {
  ASSERT_TRUE(volumes_.create("pv-1", directory(kMiB)));
  put(stage("pv-1") + "/file", "kept");
  fs::create_directories(root_ + "/.making-pv-2/data/a/b");
  fs::create_directories(root_ + "/.removing-pv-3/data/a/b");
  EXPECT_TRUE(volumes_.recover());
  EXPECT_FALSE(fs::exists(root_ + "/.making-pv-2"));
  EXPECT_FALSE(fs::exists(root_ + "/.removing-pv-3"));
  EXPECT_EQ(text_of(path_of("pv-1") + "/data/file"), "kept");
}

TEST_F(LocalVolumesTest, WhatIsHalfMadeIsInNobodysWay) {
  fs::create_directories(root_ + "/.making-pv-1");
  put(root_ + "/.making-pv-1/record.json", "{\"mode\":");
  EXPECT_TRUE(volumes_.create("pv-2", directory(kMiB)));
  EXPECT_TRUE(volumes_.create("pv-1", directory(kMiB)));
  EXPECT_THAT(*volumes_.list(), testing::SizeIs(2));
}

TEST_F(LocalVolumesTest, ALinkInPlaceOfAVolumeIsRefused) {
  ASSERT_TRUE(volumes_.create("pv-1", directory(kMiB)));
  put(stage("pv-1") + "/file", "kept");
  fs::rename(path_of("pv-1"), scratch_.path() + "/outside");
  fs::create_directory_symlink(scratch_.path() + "/outside", path_of("pv-1"));
  EXPECT_FALSE(volumes_.create("pv-1", directory(kMiB)));
  EXPECT_FALSE(volumes_.stage("pv-1"));
  EXPECT_FALSE(volumes_.unstage("pv-1"));
  EXPECT_FALSE(volumes_.remove("pv-1"));
  EXPECT_EQ(text_of(scratch_.path() + "/outside/data/file"), "kept");
}

TEST_F(LocalVolumesTest, VolumesAreMadeSideBySideWithinWhatIsLeft) {
  LocalVolumes volumes(scratch_.path(), 8 * kMiB);
  std::vector<std::thread> threads;
  std::atomic<int> made = 0;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&, name = "pv-" + std::to_string(i)] {
      if (volumes.create(name, directory(kMiB))) ++made;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, 8);
  EXPECT_EQ(volumes.capacity()->left, 0);
}

TEST_F(LocalVolumesTest, OfOneVolumeOneCallRunsAtATime) {
  for (int round = 0; round < 20; ++round) {
    std::vector<std::thread> threads;
    std::atomic<int> made = 0;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        if (volumes_.create("pv-1", directory(kMiB)) && volumes_.stage("pv-1")) ++made;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(made, 4);
    ASSERT_TRUE(volumes_.remove("pv-1"));
  }
}

// ---- Images

TEST_F(ImageVolumesTest, AnImageHasItsSizeAndAllItsBlocks) {
  const auto made = volumes_.create("pv-1", image(20 * kMiB + 1));
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(made->size, 20 * kMiB + 4096);
  EXPECT_TRUE(has_all_blocks("pv-1", made->size));
  EXPECT_EQ(volumes_.create("pv-2", image(1))->size, kSmallestImage);
  EXPECT_EQ(volumes_.create("pv-3", image(-1)).error().code(), Code::kInvalidArgument);
}

TEST_F(ImageVolumesTest, AnImageIsOpenToAllAndTakesNoDevices) {
  create("pv-1", 16 * kMiB);
  const std::string path = stage("pv-1");
  EXPECT_EQ(path, path_of("pv-1") + "/mount");
  EXPECT_EQ(mode_of(path), 0777U);
  struct statvfs status {};
  ASSERT_EQ(statvfs(path.c_str(), &status), 0);
  EXPECT_EQ(status.f_flag & (ST_NODEV | ST_NOSUID | ST_RDONLY), static_cast<unsigned>(ST_NODEV));
}

TEST_F(ImageVolumesTest, StagingAgainLeavesWhatItsUserMadeOfIt) {
  create("pv-1", 16 * kMiB);
  const std::string path = stage("pv-1");
  put(path + "/file", "kept");
  fs::permissions(path, fs::perms::owner_all);
  for (int again = 0; again < 2; ++again) {
    EXPECT_EQ(stage("pv-1"), path);
    EXPECT_EQ(mode_of(path), 0700U);
    EXPECT_EQ(text_of(path + "/file"), "kept");
    EXPECT_EQ(mounts_at(path), 1);
    unstage("pv-1");
  }
}

TEST_F(ImageVolumesTest, OneInUseIsNotUnstagedButRemoved) {
  create("pv-1", 16 * kMiB);
  UniqueFd user(open(stage("pv-1").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto unstaged = volumes_.unstage("pv-1");
  ASSERT_FALSE(unstaged);
  EXPECT_EQ(unstaged.error().errno_value(), EBUSY);
  EXPECT_TRUE(is_retryable(unstaged.error().code()));
  EXPECT_TRUE(*is_mount_point(path_of("pv-1") + "/mount"));
  EXPECT_TRUE(volumes_.remove("pv-1"));
  EXPECT_FALSE(fs::exists(path_of("pv-1")));
  user.reset();
  EXPECT_THAT(loops_of(root_), IsEmpty());
}

// As by an agent before this one, whose container has its own mounts.
TEST_F(ImageVolumesTest, OneThatWasStagedOnceIsNotRemovedAsUnused) {
  create("pvc-1", 64 * kMiB);
  create("pvc-2", 64 * kMiB);
  stage("pvc-1");
  unstage("pvc-1");
  EXPECT_FALSE(*volumes_.remove_unused("pvc-1"));
  EXPECT_TRUE(*volumes_.remove_unused("pvc-2"));
}

TEST_F(ImageVolumesTest, OneThatIsMountedElsewhereStaysOnItsOneDevice) {
  create("pv-1", 16 * kMiB);
  const std::string elsewhere = scratch_.path() + "/elsewhere";
  fs::create_directory(elsewhere);
  ASSERT_EQ(mount(stage("pv-1").c_str(), elsewhere.c_str(), nullptr, MS_BIND, nullptr), 0);
  EXPECT_EQ(volumes_.unstage("pv-1").error().errno_value(), EBUSY);
  put(stage("pv-1") + "/file", "seen");
  EXPECT_EQ(text_of(elsewhere + "/file"), "seen");
  EXPECT_THAT(loops_of(root_), testing::SizeIs(1));
  ASSERT_EQ(umount2(elsewhere.c_str(), 0), 0);
  EXPECT_TRUE(volumes_.unstage("pv-1"));
}

TEST_F(ImageVolumesTest, WhatElseIsMountedThereIsRefused) {
  create("pv-1", 16 * kMiB);
  create("pv-2", 16 * kMiB);
  const std::string point = stage("pv-1");
  unstage("pv-1");
  const std::string other = stage("pv-2");
  ASSERT_EQ(mount(other.c_str(), point.c_str(), nullptr, MS_BIND, nullptr), 0);
  EXPECT_FALSE(volumes_.stage("pv-1"));
  ASSERT_EQ(umount2(point.c_str(), 0), 0);
  ASSERT_EQ(mount("tmpfs", point.c_str(), "tmpfs", 0, nullptr), 0);
  EXPECT_FALSE(volumes_.stage("pv-1"));
}

TEST_F(ImageVolumesTest, LinksInPlaceOfItsPartsAreRefused) {
  create("pv-1", 16 * kMiB);
  const std::string outside = scratch_.path() + "/outside";
  fs::create_directory(outside);
  fs::create_directory_symlink(outside, path_of("pv-1") + "/mount");
  EXPECT_FALSE(volumes_.stage("pv-1"));
  fs::remove(path_of("pv-1") + "/mount");
  fs::rename(path_of("pv-1") + "/image", outside + "/image");
  fs::create_symlink(outside + "/image", path_of("pv-1") + "/image");
  EXPECT_FALSE(volumes_.stage("pv-1"));
  EXPECT_FALSE(volumes_.expand("pv-1", 32 * kMiB));
  fs::remove(path_of("pv-1") + "/image");
  fs::create_directory(path_of("pv-1") + "/image");
  EXPECT_FALSE(volumes_.stage("pv-1"));
  EXPECT_TRUE(volumes_.remove("pv-1"));
  EXPECT_TRUE(fs::exists(outside + "/image"));
}

TEST_F(ImageVolumesTest, AFullOneIsFullForItselfAlone) {
  create("pv-1", 16 * kMiB);
  create("pv-2", 16 * kMiB);
  fill(stage("pv-1"));
  EXPECT_TRUE(has_all_blocks("pv-1", 16 * kMiB));
  put(stage("pv-2") + "/file", "kept");
  unstage("pv-2");
  EXPECT_EQ(text_of(stage("pv-2") + "/file"), "kept");
  const auto volumes = *volumes_.list();
  ASSERT_THAT(volumes, testing::SizeIs(2));
  for (const LocalVolume& volume : volumes) {
    ASSERT_TRUE(volume.used);
    EXPECT_EQ(*volume.used > 8 * kMiB, volume.name == "pv-1");
  }
}

// Nothing on the node's disk is left for it, and it does not need anything.
TEST_F(ImageVolumesTest, AFullDiskIsNoErrorInside) {
  const std::string disk = scratch_.path() + "/disk";
  fs::create_directory(disk);
  ASSERT_EQ(mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=40m"), 0);
  LocalVolumes volumes(disk);
  ASSERT_TRUE(volumes.create("pv-1", image(16 * kMiB)));
  const auto path = volumes.stage("pv-1");
  ASSERT_TRUE(path) << path.error().message();
  fill(disk);
  fill(*path);
  UniqueFd file(open((*path + "/fill").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(fsync(file.get()), 0);
  file.reset();
  EXPECT_EQ(volumes.create("pv-2", image(16 * kMiB)).error().code(), Code::kResourceExhausted);
  EXPECT_EQ(volumes.expand("pv-1", 32 * kMiB).error().code(), Code::kResourceExhausted);
  EXPECT_TRUE(volumes.unstage("pv-1"));
}

TEST_F(ImageVolumesTest, WhatATrimGaveAwayIsSetAsideByTheNextMount) {
  create("pv-1", 16 * kMiB);
  UniqueFd root(open(stage("pv-1").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  fstrim_range all{.start = 0, .len = UINT64_MAX, .minlen = 0};
  if (ioctl(root.get(), FITRIM, &all) != 0) GTEST_SKIP() << "no trim below";
  root.reset();
  EXPECT_FALSE(has_all_blocks("pv-1", 16 * kMiB));
  unstage("pv-1");
  stage("pv-1");
  EXPECT_TRUE(has_all_blocks("pv-1", 16 * kMiB));
}

// As in a container, whose /dev was filled before the kernel made the device.
TEST_F(ImageVolumesTest, DeviceFilesAreMadeWhereThereAreNone) {
  create("pv-1", 16 * kMiB);
  const pid_t container = fork();
  if (container == 0) {
    if (unshare(CLONE_NEWNS) != 0) _exit(1);
    if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) _exit(2);
    if (mount("tmpfs", "/dev", "tmpfs", 0, nullptr) != 0) _exit(3);
    _exit(volumes_.stage("pv-1") && volumes_.unstage("pv-1") ? 0 : 4);
  }
  int status = 0;
  ASSERT_EQ(waitpid(container, &status, 0), container);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_THAT(loops_of(root_), IsEmpty());
}

TEST_F(ImageVolumesTest, WhatWasSyncedIsThereAfterItsWriterIsKilled) {
  create("pv-1", 16 * kMiB);
  const std::string file = stage("pv-1") + "/file";
  const pid_t writer = fork();
  if (writer == 0) {
    const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (write(fd, "kept", 4) != 4 || fsync(fd) != 0) _exit(1);
    raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(writer, &status, 0), writer);
  ASSERT_TRUE(WIFSIGNALED(status));
  unstage("pv-1");
  stage("pv-1");
  EXPECT_EQ(text_of(file), "kept");
}

// The image as the disk has it while it is mounted, its journal full of work.
TEST_F(ImageVolumesTest, OneThatAPowerCutLeftIsMounted) {
  create("pv-1", 16 * kMiB);
  const std::string file = stage("pv-1") + "/file";
  put(file, "kept");
  const UniqueFd synced(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(fsync(synced.get()), 0);
  fs::copy_file(path_of("pv-1") + "/image", scratch_.path() + "/image");
  ASSERT_EQ(umount2((path_of("pv-1") + "/mount").c_str(), MNT_DETACH), 0);
  fs::rename(scratch_.path() + "/image", path_of("pv-1") + "/image");
  EXPECT_EQ(text_of(stage("pv-1") + "/file"), "kept");
}

TEST_F(ImageVolumesTest, ManyRoundsLeaveNothingBehind) {
  for (int round = 0; round < 100; ++round) {
    const std::string name = "pv-" + std::to_string(round);
    create(name, 16 * kMiB);
    put(stage(name) + "/file", "x");
    unstage(name);
    ASSERT_TRUE(volumes_.remove(name));
  }
  EXPECT_THAT(loops_of(root_), IsEmpty());
  EXPECT_TRUE(fs::is_empty(root_));
  EXPECT_THAT(text_of("/proc/self/mountinfo"), testing::Not(testing::HasSubstr(root_)));
}

TEST_F(ImageVolumesTest, TwoAgentsRaceForLoopDevices) {
  constexpr int kEach = 20;
  const auto stage_all = [](const std::string& data_root) {
    fs::create_directory(data_root);
    LocalVolumes volumes(data_root);
    for (int i = 0; i < kEach; ++i) {
      const std::string name = "pv-" + std::to_string(i);
      if (!volumes.create(name, image(16 * kMiB))) return 1;
      const auto path = volumes.stage(name);
      if (!path) return 2;
      put(*path + "/whose", data_root + name);
    }
    for (int i = 0; i < kEach; ++i) {
      const std::string name = "pv-" + std::to_string(i);
      if (!volumes.unstage(name)) return 3;
      if (text_of(*volumes.stage(name) + "/whose") != data_root + name) return 4;
      if (!volumes.remove(name)) return 5;
    }
    return 0;
  };
  const pid_t other = fork();
  if (other == 0) _exit(stage_all(scratch_.path() + "/b"));
  EXPECT_EQ(stage_all(scratch_.path() + "/a"), 0);
  int status = 0;
  ASSERT_EQ(waitpid(other, &status, 0), other);
  EXPECT_EQ(status, 0);
}

// ---- Growth

TEST_F(ImageVolumesTest, AnUnstagedOneGrowsAtOnce) {
  create("pv-1", 16 * kMiB);
  put(stage("pv-1") + "/file", "kept");
  unstage("pv-1");
  EXPECT_EQ(volumes_.expand("pv-1", 64 * kMiB).value(), true);
  EXPECT_GT(room_in(stage("pv-1")), 48 * kMiB);
  EXPECT_TRUE(has_all_blocks("pv-1", 64 * kMiB));
  EXPECT_EQ(text_of(stage("pv-1") + "/file"), "kept");
}

TEST_F(ImageVolumesTest, OneThatWasNeverStagedGrowsAndIsOpenToAll) {
  create("pv-1", 16 * kMiB);
  EXPECT_EQ(volumes_.expand("pv-1", 64 * kMiB).value(), true);
  EXPECT_GT(room_in(stage("pv-1")), 48 * kMiB);
  EXPECT_EQ(mode_of(stage("pv-1")), 0777U);
}

// At once, or when it is staged anew where this process may not grow what is mounted.
TEST_F(ImageVolumesTest, OneThatIsWrittenToGrows) {
  create("pv-1", 16 * kMiB);
  const std::string file = stage("pv-1") + "/file";
  UniqueFd writer(open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(write(writer.get(), "be", 2), 2);
  const auto grown = volumes_.expand("pv-1", 64 * kMiB);
  ASSERT_TRUE(grown) << grown.error().message();
  EXPECT_EQ(volumes_.list()->at(0).record.growing, !*grown);
  ASSERT_EQ(write(writer.get(), "fore", 4), 4);
  EXPECT_TRUE(has_all_blocks("pv-1", 64 * kMiB));
  EXPECT_EQ(*grown, room_in(stage("pv-1")) > 48 * kMiB);
  writer.reset();
  unstage("pv-1");
  EXPECT_GT(room_in(stage("pv-1")), 48 * kMiB);
  EXPECT_EQ(text_of(file), "before");
  EXPECT_FALSE(volumes_.list()->at(0).record.growing);
}

TEST_F(ImageVolumesTest, WhatIsSetAsideInPartOnlyIsGivenBack) {
  const std::string disk = scratch_.path() + "/disk";
  fs::create_directory(disk);
  ASSERT_EQ(mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=40m"), 0);
  const UniqueFd image(open((disk + "/image").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_TRUE(fill_image(image, 16 * kMiB));
  EXPECT_EQ(set_aside(image, 64 * kMiB).error().code(), Code::kResourceExhausted);
  struct statvfs status {};
  ASSERT_EQ(statvfs(disk.c_str(), &status), 0);
  EXPECT_EQ(static_cast<int64_t>(status.f_bfree * status.f_frsize), 24 * kMiB);
  EXPECT_EQ(*size_of(image), 16 * kMiB);
}

TEST_F(ImageVolumesTest, WhatDoesNotFitChangesNothing) {
  LocalVolumes volumes(scratch_.path(), 40 * kMiB);
  ASSERT_TRUE(volumes.create("pv-1", image(20 * kMiB)));
  EXPECT_EQ(volumes.expand("pv-1", 41 * kMiB).error().code(), Code::kResourceExhausted);
  EXPECT_TRUE(has_all_blocks("pv-1", 20 * kMiB));
  EXPECT_EQ(volumes.expand("pv-1", 19 * kMiB).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(volumes.list()->at(0).record.size, 20 * kMiB);
}

}  // namespace
}  // namespace sandboxlet::agent
