#include "agent/volume/host_path.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "agent/volume/testing.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {
namespace {

namespace fs = std::filesystem;

// The message of the refusal; empty where the path was accepted.
std::string refusal(const std::string& path, const std::string& type) {
  const auto staged = stage_host_path({path, type});
  if (!staged) return staged.error().message();
  EXPECT_EQ(*staged, path);
  return "";
}

class HostPathTest : public testing::Test {
 protected:
  HostPathTest() {
    fs::create_directory(directory_);
    std::ofstream{file_} << "x";
    listener_.reset(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    socket_.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(mkfifo(fifo_.c_str(), 0600), 0);
  }

  // As the kubelet words it.
  static std::string failed(const std::string& path, const std::string& what) {
    return "hostPath type check failed: " + path + " is not " + what;
  }

  const Scratch scratch_;
  const std::string directory_ = scratch_.path() + "/directory";
  const std::string file_ = scratch_.path() + "/file";
  const std::string socket_ = scratch_.path() + "/socket";
  const std::string fifo_ = scratch_.path() + "/fifo";
  const std::string none_ = scratch_.path() + "/none";
  UniqueFd listener_;
};

TEST_F(HostPathTest, TheTypeIsAcceptedAndAnyOtherRefusedInTheKubeletsWords) {
  const std::vector<std::string> paths{directory_, file_, socket_, fifo_, "/dev/null"};
  const auto refused_but = [&](const std::string& fits, const char* type, const char* what) {
    for (const std::string& path : paths) {
      EXPECT_EQ(refusal(path, type), path == fits ? "" : failed(path, what)) << type;
    }
  };
  refused_but(directory_, "Directory", "a directory");
  refused_but(directory_, "DirectoryOrCreate", "a directory");
  refused_but(file_, "File", "a file");
  refused_but(file_, "FileOrCreate", "a file");
  refused_but(socket_, "Socket", "a socket file");
  refused_but("/dev/null", "CharDevice", "a character device");
  refused_but("none of them", "BlockDevice", "a block device");
}

TEST_F(HostPathTest, ABlockDeviceIsAccepted) {
  const std::string device = scratch_.path() + "/block";
  if (mknod(device.c_str(), S_IFBLK | 0600, makedev(7, 250)) != 0) GTEST_SKIP() << "needs mknod";
  EXPECT_EQ(refusal(device, "BlockDevice"), "");
  EXPECT_EQ(refusal(device, "CharDevice"), failed(device, "a character device"));
}

TEST_F(HostPathTest, WhatIsNotThereIsRefusedAndNotMade) {
  EXPECT_EQ(refusal(none_, "Directory"), failed(none_, "a directory"));
  EXPECT_EQ(refusal(none_, "File"), failed(none_, "a file"));
  EXPECT_EQ(refusal(none_, "Socket"), failed(none_, "a socket file"));
  EXPECT_EQ(refusal(none_, "CharDevice"), failed(none_, "a character device"));
  EXPECT_EQ(refusal(none_, "BlockDevice"), failed(none_, "a block device"));
  EXPECT_FALSE(fs::exists(none_));
}

TEST_F(HostPathTest, OrCreateMakesWhatIsNotThere) {
  const mode_t umask_before = umask(0);
  EXPECT_EQ(refusal(none_ + "/a/b", "DirectoryOrCreate"), "");
  EXPECT_EQ(refusal(none_ + "/f", "FileOrCreate"), "");
  umask(umask_before);
  EXPECT_TRUE(fs::is_directory(none_ + "/a/b"));
  EXPECT_EQ(mode_of(none_ + "/a"), 0755U);
  EXPECT_TRUE(fs::is_regular_file(none_ + "/f"));
  EXPECT_EQ(mode_of(none_ + "/f"), 0644U);
}

TEST_F(HostPathTest, OrCreateMakesNoParentsForAFile) {
  EXPECT_EQ(refusal(none_ + "/f", "FileOrCreate"),
            "hostPath: open " + none_ + "/f: No such file or directory");
}

TEST_F(HostPathTest, ALinkIsWhatItLeadsTo) {
  fs::create_directory_symlink(directory_, none_);
  EXPECT_EQ(refusal(none_, "Directory"), "");
}

TEST_F(HostPathTest, WithoutATypeNothingIsLookedAt) { EXPECT_EQ(refusal(none_, ""), ""); }

TEST_F(HostPathTest, StepsBackAreRefused) {
  for (const std::string path : {"/a/../b", "/a/..", "..", "../a"}) {
    EXPECT_EQ(refusal(path, ""), "invalid HostPath `" + path + "`: must not contain '..'");
  }
  EXPECT_EQ(refusal("/a/..b/c..", ""), "");
}

TEST_F(HostPathTest, ARelativePathBeginsAtTheRoot) {
  EXPECT_EQ(*stage_host_path({"var/lib", ""}), "/var/lib");
}

TEST_F(HostPathTest, AnUnknownTypeIsRefused) {
  EXPECT_EQ(refusal(directory_, "Folder"), "Folder is an invalid volume type");
}

TEST_F(HostPathTest, ALocalPathIsADirectoryThatIsThere) {
  EXPECT_EQ(*stage_local({directory_}), directory_);
  EXPECT_EQ(stage_local({file_}).error().message(), "local: " + failed(file_, "a directory"));
  EXPECT_FALSE(stage_local({none_}));
  EXPECT_FALSE(stage_local({directory_ + "/../directory"}));
  EXPECT_FALSE(fs::exists(none_));
}

}  // namespace
}  // namespace sandboxlet::agent
