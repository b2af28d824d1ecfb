#include "agent/watchdog/watchdog.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "agent/suspend/fake_cgroups.h"
#include "agent/watchdog/last_renewal.h"
#include "base/manual_clock.h"

namespace sandboxlet::agent {
namespace {

using std::chrono::seconds;

// A Sandbox "box" with a process, which may be bound elsewhere 60 s after the last renewal.
class WatchdogTest : public testing::Test {
 protected:
  WatchdogTest() {
    EXPECT_TRUE(save_fences(root_, {seconds(40), {{"box", seconds(60)}}}));
    EXPECT_TRUE(cgroups_.create("box", {}));
    cgroups_.members[1] = "box";
  }
  ~WatchdogTest() override { std::filesystem::remove_all(root_); }

  static std::string make_root() {
    char name[] = "/tmp/watchdog-XXXXXX";
    return mkdtemp(name);
  }
  void renewed(Duration ago) {
    const ManualClock clock;
    EXPECT_TRUE(save_renewal(root_, clock, clock.now() - ago));
  }
  bool runs(pid_t pid = 1) const { return cgroups_.members.contains(pid); }

  const std::string root_ = make_root();
  FakeCgroups cgroups_{"/pool"};
  Watchdog watchdog_{cgroups_, root_};
};

TEST_F(WatchdogTest, KillsWhatNoAgentHasEndedInTime) {
  renewed(seconds(40));
  EXPECT_TRUE(watchdog_.look());
  EXPECT_TRUE(runs());
  renewed(seconds(56));
  EXPECT_TRUE(watchdog_.look());
  EXPECT_FALSE(runs());
}

TEST_F(WatchdogTest, KillsAgainWhatIsStartedLater) {
  renewed(seconds(60));
  EXPECT_TRUE(watchdog_.look());
  cgroups_.members[2] = "box";
  EXPECT_TRUE(watchdog_.look());
  EXPECT_FALSE(runs(2));
}

TEST_F(WatchdogTest, LeavesAloneWhatIsFrozen) {
  ASSERT_TRUE(cgroups_.freeze("box"));
  renewed(seconds(600));
  EXPECT_TRUE(watchdog_.look());
  EXPECT_TRUE(runs());
  EXPECT_TRUE(cgroups_.frozen("box"));
}

TEST_F(WatchdogTest, ARenewalThatIsWrittenDownMeanwhileSavesWhatItThawed) {
  renewed(seconds(600));
  cgroups_.fault = [this](std::string_view operation, const std::string&) {
    if (operation == "state") renewed(seconds(0));
    return Result<>();
  };
  EXPECT_TRUE(watchdog_.look());
  EXPECT_TRUE(runs());
}

TEST_F(WatchdogTest, OneThatCannotBeKilledDoesNotSpareTheOthers) {
  ASSERT_TRUE(cgroups_.create("other", {}));
  cgroups_.members[2] = "other";
  cgroups_.fault = [](std::string_view operation, const std::string& name) {
    if (operation != "kill" || name != "box") return Result<>();
    return Result<>(Error(Code::kUnavailable, "outlives SIGKILL"));
  };
  renewed(seconds(60));
  EXPECT_EQ(watchdog_.look().error().message(), "outlives SIGKILL");
  EXPECT_TRUE(runs());
  EXPECT_FALSE(runs(2));
}

TEST_F(WatchdogTest, ASandboxThatGoesMeanwhileIsNoError) {
  cgroups_.fault = [this](std::string_view operation, const std::string& name) {
    return operation == "state" ? cgroups_.remove(name) : Result<>();
  };
  renewed(seconds(60));
  EXPECT_TRUE(watchdog_.look());
}

TEST_F(WatchdogTest, WithoutTheAgentsWordNothingIsDone) {
  EXPECT_TRUE(watchdog_.look());
  renewed(seconds(600));
  std::filesystem::remove(root_ + "/fences");
  EXPECT_TRUE(watchdog_.look());
  std::ofstream(root_ + "/fences") << "half";
  EXPECT_EQ(watchdog_.look().error().code(), Code::kInvalidArgument);
  EXPECT_TRUE(runs());
}

}  // namespace
}  // namespace sandboxlet::agent
