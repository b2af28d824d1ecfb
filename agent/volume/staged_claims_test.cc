#include "agent/volume/staged_claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "agent/volume/testing.h"

namespace sandboxlet::agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class StagedClaimsTest : public testing::Test {
 protected:
  void save(const std::string& volume, const PersistentVolume& source) {
    ASSERT_TRUE(save_staged_claim(scratch_.path(), volume, source));
  }
  std::optional<PersistentVolume> load(const std::string& volume) {
    return staged_claim(scratch_.path(), volume);
  }
  std::vector<std::string> node_volumes() { return staged_node_volumes(scratch_.path()).value(); }

  const Scratch scratch_;
};

TEST_F(StagedClaimsTest, EachKindIsReadAsItWasSaved) {
  save("nfs", {Nfs{"server", "/path", {"soft", "ro"}, true}});
  save("host", {HostPath{"/srv", "Directory"}});
  save("local", {Local{"/disk"}});
  save("ours", {NodeVolume{"pvc-1"}});
  const auto nfs = std::get<Nfs>(load("nfs")->source);
  EXPECT_EQ(nfs.server, "server");
  EXPECT_EQ(nfs.path, "/path");
  EXPECT_THAT(nfs.mount_options, ElementsAre("soft", "ro"));
  EXPECT_TRUE(nfs.read_only);
  EXPECT_EQ(std::get<HostPath>(load("host")->source).type, "Directory");
  EXPECT_EQ(std::get<Local>(load("local")->source).path, "/disk");
  EXPECT_EQ(std::get<NodeVolume>(load("ours")->source).name, "pvc-1");
}

TEST_F(StagedClaimsTest, WhatWasNotSavedOrIsDamagedIsNone) {
  EXPECT_FALSE(load("none"));
  EXPECT_FALSE(load("../none"));
  for (const char* text :
       {"", "{", "[]", "{\"a\": {}, \"b\": {}}", "{\"nfs\": 1}", "{\"x\": {}}"}) {
    std::ofstream(scratch_.path() + "/bad.json") << text;
    EXPECT_FALSE(load("bad")) << text;
  }
  EXPECT_THAT(node_volumes(), IsEmpty());
}

TEST_F(StagedClaimsTest, VolumesOfTheNodeAreToldAndForgottenByTheirNames) {
  save("a", {NodeVolume{"pvc-1"}});
  save("b", {NodeVolume{"pvc-1"}});
  save("c", {NodeVolume{"pvc-2"}});
  save("d", {Local{"/disk"}});
  EXPECT_THAT(node_volumes(), ElementsAre("pvc-1", "pvc-2"));
  ASSERT_TRUE(forget_node_volume(scratch_.path(), "pvc-1"));
  EXPECT_THAT(node_volumes(), ElementsAre("pvc-2"));
  EXPECT_FALSE(load("a"));
  EXPECT_TRUE(load("d"));
  EXPECT_THAT(*staged_node_volumes(scratch_.path() + "/absent"), IsEmpty());
}

}  // namespace
}  // namespace sandboxlet::agent
