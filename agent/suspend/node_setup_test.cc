// tools/node-setup on this machine.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/suspend/cgroup_files.h"
#include "agent/suspend/test_swap.h"
#include "base/command.h"

namespace sandboxlet::agent {
namespace {

using testing::HasSubstr;

constexpr char kTool[] = SANDBOXLET_SOURCE_DIR "/tools/node-setup";
constexpr char kName[] = "sandboxlet-tool";
constexpr char kOther[] = "sandboxlet-othe";

Result<std::string> zram(const std::string& what, const std::string& name = kName) {
  return run_command({kTool, "zram", what, "--name", name});
}

std::string told(const std::string& name = kName) {
  return run_command({kTool, "zram", "--name", name}).value_or("failed");
}

std::string swaps() { return read_cgroup_file("/proc/swaps").value_or(""); }

class NodeSetupTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string why_not = TestSwap::why_not();
    if (!why_not.empty()) GTEST_SKIP() << why_not;
    auto turn = turn_at_swap();
    ASSERT_TRUE(turn) << turn.error().message();
    turn_ = std::move(*turn);
    take_away();
    before_ = swaps();
  }
  void TearDown() override {
    if (turn_) take_away();
  }
  static void take_away() {
    for (const char* name : {kName, kOther}) EXPECT_TRUE(zram("--remove", name)) << name;
  }

  UniqueFd turn_;
  std::string before_;
};

TEST_F(NodeSetupTest, MakesSwapOfThatSizeAndTakesItAway) {
  ASSERT_TRUE(zram("32M"));
  EXPECT_THAT(told(), HasSubstr("32M of swap"));
  EXPECT_NE(swaps(), before_);
  ASSERT_TRUE(zram("--remove"));
  EXPECT_THAT(told(), HasSubstr("no swap"));
  EXPECT_EQ(swaps(), before_);
}

TEST_F(NodeSetupTest, CanBeRepeated) {
  ASSERT_TRUE(zram("32M"));
  const std::string once = swaps();
  EXPECT_TRUE(zram("32M"));
  EXPECT_EQ(swaps(), once);
  EXPECT_TRUE(zram("--remove"));
  EXPECT_TRUE(zram("--remove"));
}

TEST_F(NodeSetupTest, ChangesNoSizeWhileThereMayBeSomethingInIt) {
  ASSERT_TRUE(zram("32M"));
  const auto other = zram("64M");
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message(), HasSubstr("remove it first"));
  EXPECT_THAT(told(), HasSubstr("32M of swap"));
}

TEST_F(NodeSetupTest, LeavesTheSwapOfOthersAlone) {
  ASSERT_TRUE(zram("32M", kOther));
  const std::string others = swaps();
  ASSERT_TRUE(zram("64M"));
  ASSERT_TRUE(zram("--remove"));
  EXPECT_EQ(swaps(), others);
  EXPECT_THAT(told(kOther), HasSubstr("32M of swap"));
}

TEST_F(NodeSetupTest, RefusesWhatIsNoSizeAndLeavesNothing) {
  for (const char* size : {"2X", "0", "-1", "1K", "64M; true", ""}) {
    EXPECT_FALSE(zram(size)) << size;
  }
  EXPECT_EQ(swaps(), before_);
}

}  // namespace
}  // namespace sandboxlet::agent
