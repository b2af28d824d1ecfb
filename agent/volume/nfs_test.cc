#include "agent/volume/nfs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/volume/mounts.h"
#include "agent/volume/testing.h"

namespace sandboxlet::agent {
namespace {

namespace fs = std::filesystem;

using testing::HasSubstr;

// In mount(8)'s place a program that notes its arguments, and mounts a directory of the test's.
class NfsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "mounting needs root";
    fs::create_directory(share_);
    std::ofstream{share_ + "/file"} << "kept";
  }
  ~NfsTest() override { setenv("PATH", path_before_.c_str(), 1); }

  void serve(const std::string& script) {
    const std::string bin = scratch_.path() + "/bin";
    fs::create_directory(bin);
    std::ofstream{bin + "/mount"} << "#!/bin/sh\n" << script;
    fs::permissions(bin + "/mount", fs::perms::owner_all);
    setenv("PATH", (bin + ":" + path_before_).c_str(), 1);
  }
  void serve_share() {
    serve("echo \"$@\" >> " + said_ + "; for last; do :; done; exec /bin/mount --bind " + share_ +
          " \"$last\"\n");
  }
  Result<std::string> stage(const Nfs& source) {
    return volumes_.stage("u-1", {"data", PersistentVolume{source}});
  }
  std::string said() const {
    std::ostringstream text;
    text << std::ifstream(said_).rdbuf();
    return text.str();
  }

  const std::string path_before_ = getenv("PATH");
  const Scratch scratch_;
  const std::string share_ = scratch_.path() + "/share";
  const std::string said_ = scratch_.path() + "/said";
  const std::string point_ = scratch_.path() + "/sandboxes/u-1/volumes/data";
  Volumes volumes_{scratch_.path()};
};

TEST_F(NfsTest, MountsTheShareWithItsOptionsOnce) {
  serve_share();
  const Nfs source{"fs.example", "/export/a", {"nfsvers=4.1", "hard"}, /*read_only=*/true};
  ASSERT_EQ(stage(source).value(), point_);
  ASSERT_EQ(stage(source).value(), point_);
  EXPECT_EQ(said(), "-t nfs -o ro,nfsvers=4.1,hard -- fs.example:/export/a " + point_ + "\n");
  EXPECT_TRUE(fs::exists(point_ + "/file"));
}

TEST_F(NfsTest, AnIpv6AddressStandsInBrackets) {
  serve_share();
  ASSERT_TRUE(stage({"fd00::1", "/export", {}}));
  EXPECT_EQ(said(), "-t nfs -o rw -- [fd00::1]:/export " + point_ + "\n");
}

TEST_F(NfsTest, WhatTheServerHasOutlivesTheSandbox) {
  serve_share();
  ASSERT_TRUE(stage({"fs.example", "/export", {}}));
  ASSERT_TRUE(volumes_.remove("u-1"));
  EXPECT_FALSE(fs::exists(point_));
  EXPECT_TRUE(fs::exists(share_ + "/file"));
}

TEST_F(NfsTest, AFailureSaysWhatMountSaid) {
  serve("echo mount.nfs: access denied by server >&2; exit 32\n");
  EXPECT_EQ(stage({"fs.example", "/export", {}}).error().message(),
            "nfs fs.example:/export: mount: mount.nfs: access denied by server");
  EXPECT_FALSE(*is_mount_point(point_));
  EXPECT_TRUE(volumes_.remove("u-1"));
}

}  // namespace
}  // namespace sandboxlet::agent
